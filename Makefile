# Gritspace: `make demo` shows all of it, `make test` checks all of it. Each sets up first what it needs.
.PHONY: test-platforms test-readme test-debian reliability mutations recordings help setup web web-packages test-web bench-web demo test test-quick docs sounds images release lint-imports hardware board bench-train bench-quantize bench-engine kernels-check research lint lint-python lint-types lint-c format clean constraints
.DEFAULT_GOAL := help

bin := .venv/bin
c_sources = $(shell git ls-files -co --exclude-standard 'firmware/*.c' 'firmware/*.h' 'tests/board/*.c' 'tests/board/*.h' | \
  grep -v '^firmware/models/')
cpp_sources := $(wildcard train/network/core/*.cpp train/network/core/*.h)
python_rooms := train quantize host_tools
python_files := setup.py $(python_rooms) examples tests $(wildcard hardware firmware)

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## .venv with pinned packages, and the system's tools; a second run changes nothing
	@PYTHON="$(PYTHON)" sh host_tools/setup.sh

demo: setup ## train, quantize, build, run on a simulated module, measure: out/demo/report.html
	@$(bin)/gritspace demo

WORKERS ?= $(shell getconf _NPROCESSORS_ONLN)
test: setup ## all tests; the last lines say what was skipped, and why
	@$(bin)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST)

test-quick: setup ## the tests that neither train, emulate nor build firmware: some three minutes on two cores
	@$(bin)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow" $(PYTEST)

campaigns := tests/train/test_torch_file.py tests/firmware/memory/test_bank_rot.py tests/firmware/memory/test_flash_states.py \
  tests/readers tests/quantize/model/test_accumulators.py tests/quantize/cycles/test_slow_shapes.py tests/firmware/engine/test_fuzz_kernels.py \
  tests/firmware/engine/test_fuzz_model.py tests/firmware/sound/test_fuzz_bends.py \
  tests/firmware/sound/test_fuzz_playing.py
reliability: setup ## the campaigns with all their cases, an hour or two; their figures into docs/reliability.md
	@GRITSPACE_RELIABILITY=long $(bin)/python -m pytest -n $(WORKERS) --dist loadgroup $(campaigns) $(PYTEST)
	@$(bin)/python -m tests.reliability

mutations: setup ## small faults planted in the module's memory code, one by one: which the tests do not notice
	@$(bin)/python -m tests.firmware.memory.mutate

hardware: setup ## schematic, simulations, parts, panel: hardware/build/; also refreshes firmware/module/panel/generated/panel.h
	@$(bin)/python -m hardware.build

board: setup ## the board to order: KiCad files, Gerbers, parts and places; hardware/build/{board,fab}/. Needs KiCad 6
	@$(bin)/python -m hardware.board.build

docs: setup ## the pages as a site: build/site/index.html; a broken link is an error
	@$(bin)/python -m mkdocs build --strict --quiet

sounds: setup ## what README lets one hear, from the shipped spaces: docs/sounds/
	@$(bin)/python -m gritspace.host_tools.web.sounds docs/sounds
	@$(bin)/python -m gritspace.host_tools.web.bend_sounds docs/sounds

images: setup ## the firmware of all boards, from PlatformIO's registry: build/images/
	@$(bin)/python -m gritspace.host_tools.module.flashing.release images build/images

release: setup ## images and spaces with SHA-256 and a manifest: build/release/
	@$(bin)/python -m gritspace.host_tools.module.flashing.release pack build/images build/release

web: setup web-packages ## the page's scripts, anew: host_tools/web/generated; and the page as static files: out/web
	@$(bin)/python -m gritspace.host_tools.web.generate
	@cd host_tools/web && npx --no-install tsc --noEmit -p . && npx --no-install vite build --logLevel warn && \
	  npx --no-install vite build --config vite.listen.config.ts --logLevel warn
	@$(bin)/python -m gritspace.host_tools.web.page_stamp
	@rm -rf out/web && $(bin)/gritspace play --export out/web

test-web: setup web-packages ## the page in Chromium: what comes out, to the bit, and what every control does
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || [ -n "$$CHROMIUM" ] || \
	  { echo 'test-web: Chromium is missing (apt install chromium), or name it: make CHROMIUM=/path test-web'; exit 2; }
	@$(bin)/python -m pytest tests/web $(PYTEST)

bench-web: setup web-packages ## how fast a browser plays: the page's engine beside Neural Amp Modeler's; out/bench-web.json
	@$(bin)/python -m gritspace.host_tools.web.bench

test-debian: ## README's first commands on a Debian 13 that has nothing yet, in a chroot: needs root and debootstrap; SUITE=bookworm is 12
	@sh tests/debian/walk.sh

test-readme: setup ## README's own walk, its commands as they stand: some minutes
	@$(bin)/python -m tests.door.readme_walk

test-platforms: setup ## has every pinned package a wheel for every Python and system that is promised? asks PyPI, installs nothing
	@$(bin)/python -m tests.door.platforms

web-packages:
	@command -v npm >/dev/null || { echo 'npm is missing: it brings the packages that the page is built with (apt install npm)'; exit 2; }
	@cmp -s host_tools/web/package-lock.json host_tools/web/node_modules/.installed-from || \
	  { npm ci --prefix host_tools/web --no-audit --no-fund --loglevel error && \
	    cp host_tools/web/package-lock.json host_tools/web/node_modules/.installed-from; }

recordings: setup ## 200 made-up recordings through a simulated interface: taken or refused rightly? into docs/fitting.md (15 CPU minutes)
	@OMP_NUM_THREADS=1 $(bin)/python -m tests.train.audio.recording.studio 200 --jobs $$(nproc) --write

bench-train: setup ## how fast networks train: the native core, PyTorch, torch.compile, side by side; out/bench-train.json
	@$(bin)/python -m gritspace.train.bench.training

bench-quantize: setup ## what rounding costs: our quantizer beside TensorFlow's own converter (needs gritspace[tensorflow])
	@$(bin)/python -m gritspace.quantize.bench_quantize

bench-engine: setup web-packages ## how fast a laptop plays an integer model: the C engine beside TensorFlow Lite and what npm and PyPI carry
	@$(bin)/python -m gritspace.quantize.bench_engine --npm host_tools/web/node_modules

kernels-check: setup ## every generated assembly function against its generator; interrupted, it goes on where it was
	@$(bin)/python -m gritspace.quantize.m7.check

captures := $(wildcard ../shared/data/captures/proteus ../shared/data/captures/neuralpi ../shared/data/captures/neuralseed_mit)
RESEARCH ?= --jobs $(shell getconf _NPROCESSORS_ONLN)
research: setup ## the tables of docs/research.md, from circuits and what is in ../shared/data: out/research/summary.json
	@$(bin)/gritspace research $(captures:%=--captures %) $(patsubst %,--audio %,$(wildcard ../shared/data/audio/guitar)) $(RESEARCH)

presets: setup ## sixteen presets of each shipped space, named and equally loud: spaces/*-presets.json
	@$(bin)/gritspace presets choose spaces/circuits.pt --model spaces/circuits.grit --factory -o spaces/circuits-presets.json
	@$(bin)/gritspace presets choose spaces/openamp.pt --model spaces/openamp.grit -o spaces/openamp-presets.json

matcher: setup ## train what `gritspace match` listens with, a few minutes: spaces/matcher.pt
	@$(bin)/python -m gritspace.train.matching.matching spaces/matcher.pt

moving-picture: setup ## the demo as it speaks, for README: docs/demo.svg (runs the demo, or takes SAID=what it said)
	@mkdir -p out
	@$(if $(SAID),cp $(SAID) out/demo.txt,$(bin)/gritspace demo | tee out/demo.txt)
	@$(bin)/python -m gritspace.host_tools.web.moving_picture "make demo" out/demo.txt docs/demo.svg

.PHONY: moving-picture matcher presets space-circuits space-openamp space-seeds space-measured
# The two spaces, each trained from nothing by one command. Interrupted, the same command goes on where it was.
data ?= ../shared/data
space_audio = $(patsubst %,--audio %,$(wildcard $(data)/audio))
mit_captures = $(wildcard $(data)/captures/neuralseed_mit)
gpl_captures = $(wildcard $(data)/captures/proteus $(data)/captures/neuralpi $(data)/captures/nam)
factory_devices := diode_clipper tube_screamer rat big_muff buchla_folder transistor_fuzz germanium_boost tube_sag full_drive \
  octave_rectifier diode_ladder bit_crusher
mit_names := gru4_ts9_pytorch gru8_ts9_pytorch lstm4_ts9_pytorch lstm8_ts9_pytorch ts9_gru7_gain10_loss003_TEST
circuits_from = $(if $(seed),--seed $(seed)) $(space_audio) $(mit_captures:%=--captures %) $(factory_devices:%=--device %) $(if $(mit_captures),$(mit_names:%=--device %))

space-circuits: setup ## train the factory space anew, three hours of one core: out/spaces/circuits.*
	@mkdir -p out/spaces
	@test -f out/spaces/circuits-first.pt || \
	  $(bin)/gritspace train --config spaces/circuits.toml $(circuits_from) -o out/spaces/circuits-first.pt
	@test -f out/spaces/circuits-even.pt || \
	  $(bin)/gritspace even out/spaces/circuits-first.pt $(space_audio) --steps 5000 --seed 1 -o out/spaces/circuits-even.pt
	@test -f out/spaces/circuits-second.pt || \
	  $(bin)/gritspace train --config spaces/circuits-2.toml --from out/spaces/circuits-even.pt $(circuits_from) -o out/spaces/circuits-second.pt
	@$(bin)/gritspace train --config spaces/circuits-3.toml --from out/spaces/circuits-second.pt $(circuits_from) -o out/spaces/circuits.pt
	@$(MAKE) --no-print-directory space-measured SPACE=circuits FACTORY=--factory CAPTURES="$(mit_captures)" ENROLL=0

space-seeds: setup ## ten minutes of the factory space's training from two seeds, and whether the box holds: out/seeds/ (half an hour)
	@$(bin)/python -m gritspace.host_tools.spaces.seeds out/seeds --config spaces/circuits-brief.toml $(circuits_from)

space-openamp: setup ## train openamp anew, about five hours of one core: out/spaces/openamp.*
	@test -n "$(gpl_captures)" || { echo "space-openamp: no captures in $(data)/captures; say where: make space-openamp data=FOLDER"; exit 1; }
	@mkdir -p out/spaces
	@$(bin)/gritspace train --config spaces/openamp-anew.toml $(if $(steps),--steps $(steps)) --hold-out $(space_audio) $(gpl_captures:%=--captures %) \
	  -o out/spaces/openamp.pt
	@$(MAKE) --no-print-directory space-measured SPACE=openamp CAPTURES="$(gpl_captures)" ENROLL=20

# Integers, presets and figures of out/spaces/$(SPACE).pt
space-measured:
	@$(bin)/gritspace even out/spaces/$(SPACE).pt --steps 0 -o out/spaces/$(SPACE).pt
	@$(bin)/gritspace quantize out/spaces/$(SPACE).pt $(space_audio) -o out/spaces/$(SPACE).grit
	@$(bin)/gritspace presets choose out/spaces/$(SPACE).pt --model out/spaces/$(SPACE).grit $(FACTORY) -o out/spaces/$(SPACE)-presets.json
	@$(bin)/gritspace evaluate out/spaces/$(SPACE).pt --model out/spaces/$(SPACE).grit $(CAPTURES:%=--captures %) \
	  --audio $(data)/audio/guitar --foreign $(data)/audio/synth --seconds 2 --enroll-seconds $(ENROLL) \
	  -o out/spaces/$(SPACE).html --json >out/spaces/$(SPACE).json

lint: setup lint-python lint-types lint-imports lint-c ## ruff, mypy, import-linter, clang-format, cppcheck; `make -k lint` goes on after a fault

lint-python: setup
	@$(bin)/ruff check $(python_files)
	@$(bin)/ruff format --check $(python_files)

lint-imports: setup
	@$(bin)/lint-imports

lint-types: setup build/lint/gritspace
	@MYPYPATH=build/lint $(bin)/mypy -p gritspace
	@$(bin)/mypy hardware

# Right shifts of negative numbers are arithmetic on every compiler the firmware is built with; the engine relies on it.
lint-c:
	@clang-format --dry-run -Werror $(c_sources) $(cpp_sources)
	@cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability --inline-suppr \
	  --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches --suppress=unusedStructMember \
	  --suppress=shiftNegativeLHS --suppress=shiftTooManyBitsSigned -I firmware/engine -I firmware/module $(c_sources)

format: setup ## put Python and C into the house's form
	@$(bin)/ruff check --fix-only -q $(python_files)
	@$(bin)/ruff format $(python_files)
	@clang-format -i $(c_sources) $(cpp_sources)

# The packages as mypy wants to see them: gritspace/train is train/, and so on, as in pyproject.toml.
build/lint/gritspace:
	@mkdir -p $@
	@for room in $(python_rooms); do ln -sfn "$(CURDIR)/$$room" $@/$$room; done

clean: ## what was made, but for .venv and out/
	@rm -rf build firmware/.pio firmware/generated hardware/build .pytest_cache .mypy_cache .ruff_cache .hypothesis

constraints: setup ## pin the Python packages again, for every Python and system, with their hashes
	@$(bin)/uv pip compile -q pyproject.toml --extra dev --extra docs --extra hardware --extra research --python-version 3.11 --universal \
	  --generate-hashes --constraint constraints-torch.txt --no-emit-package torch --no-emit-package triton --no-emit-package pip \
	  $(shell sed -n 's/^# \(nvidia-[a-z0-9-]*\|cuda-[a-z0-9-]*\)$$/--no-emit-package \1/p' constraints-torch.txt) \
	  --no-header --no-annotate -o constraints.txt
	@$(bin)/uv pip compile -q hardware/board/readers.in --python-version 3.11 --universal --generate-hashes --no-header --no-annotate \
	  --no-emit-package wxpython --no-emit-package numpy -o hardware/board/readers.txt
