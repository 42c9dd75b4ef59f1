// Places parts by simulated annealing: moves, swaps and turns on a grid of 0.25 mm, never one part on another.
//
// Input, one line each:
//   area x0 y0 x1 y1 | seed number moves
//   block x0 y0 x1 y1 tall        nothing (tall = 0), or no tall part (tall = 1), may lie here
//   net weight                    numbered from 0 in the order of the lines
//   pad net x y                   a pad that stands already
//   part name tall                then four lines, for 0, 90, 180 and 270 degrees:
//   way x0 y0 x1 y1 count (net x y)...
//   pair part pad x y weight      that pad of that part wants to be at x, y
//   couple part pad part pad weight
// Output: "name x y degrees" for every part, and "length" before and after.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr double kGrid = 0.25;

struct Pad {
  int net;
  double x, y;
};
struct Box {
  double x0, y0, x1, y1;
};
struct Way {
  Box box;
  std::vector<Pad> pads;
};
struct Cells {
  int x0, y0, x1, y1;
};
struct Part {
  std::string name;
  bool tall;
  std::vector<Way> ways;
  double x = 0, y = 0;
  int way = 0;
  Cells cells{};
  std::vector<int> nets, wishes;
};
struct Wish {  // pads that want to be close: the second is a part's, or a fixed point where part is -1
  int part, pad, other, other_pad;
  double x, y, weight;
};

struct Problem {
  Box area{};
  unsigned seed = 1;
  long moves = 0;
  double gap = 0.25;
  std::vector<std::pair<Box, bool>> blocks;
  std::vector<double> weights;
  std::vector<std::vector<Pad>> fixed;  // by net
  std::vector<Part> parts;
  std::vector<std::vector<int>> members;  // parts by net
  std::vector<Wish> wishes;
};

Problem read(const char *path) {
  Problem problem;
  std::ifstream file(path);
  std::string line, word;
  while (std::getline(file, line)) {
    std::istringstream in(line);
    in >> word;
    if (word == "area") {
      in >> problem.area.x0 >> problem.area.y0 >> problem.area.x1 >> problem.area.y1 >> problem.gap;
    } else if (word == "seed") {
      in >> problem.seed >> problem.moves;
    } else if (word == "block") {
      Box box{};
      bool tall = false;
      in >> box.x0 >> box.y0 >> box.x1 >> box.y1 >> tall;
      problem.blocks.push_back({box, tall});
    } else if (word == "net") {
      double weight = 0;
      in >> weight;
      problem.weights.push_back(weight);
      problem.fixed.emplace_back();
      problem.members.emplace_back();
    } else if (word == "pad") {
      Pad pad{};
      in >> pad.net >> pad.x >> pad.y;
      problem.fixed[pad.net].push_back(pad);
    } else if (word == "part") {
      Part part{};
      in >> part.name >> part.tall;
      problem.parts.push_back(part);
    } else if (word == "way") {
      Way way{};
      int count = 0;
      in >> way.box.x0 >> way.box.y0 >> way.box.x1 >> way.box.y1 >> count;
      for (int i = 0; i < count; i++) {
        Pad pad{};
        in >> pad.net >> pad.x >> pad.y;
        way.pads.push_back(pad);
      }
      problem.parts.back().ways.push_back(way);
    } else if (word == "pair" || word == "couple") {
      Wish wish{};
      wish.other = -1;
      in >> wish.part >> wish.pad;
      if (word == "pair") {
        in >> wish.x >> wish.y >> wish.weight;
      } else {
        in >> wish.other >> wish.other_pad >> wish.weight;
      }
      problem.wishes.push_back(wish);
    }
  }
  for (size_t i = 0; i < problem.parts.size(); i++) {
    std::set<int> nets;
    for (const Pad &pad : problem.parts[i].ways[0].pads)
      if (problem.weights[pad.net] > 0) nets.insert(pad.net);
    problem.parts[i].nets.assign(nets.begin(), nets.end());
    for (int net : nets) problem.members[net].push_back(static_cast<int>(i));
  }
  for (size_t i = 0; i < problem.wishes.size(); i++) {
    const Wish &wish = problem.wishes[i];
    problem.parts[wish.part].wishes.push_back(static_cast<int>(i));
    if (wish.other >= 0) problem.parts[wish.other].wishes.push_back(static_cast<int>(i));
  }
  return problem;
}

class Placer {
 public:
  explicit Placer(Problem problem) : p(std::move(problem)), random(p.seed) {
    width = static_cast<int>((p.area.x1 - p.area.x0) / kGrid);
    height = static_cast<int>((p.area.y1 - p.area.y0) / kGrid);
    owner.assign(static_cast<size_t>(width) * height, kFree);
    tall_free.assign(owner.size(), true);
    for (const auto &[box, tall] : p.blocks) {
      Cells c = cells(box, 0.0);
      for (int y = std::max(0, c.y0); y < std::min(height, c.y1); y++)
        for (int x = std::max(0, c.x0); x < std::min(width, c.x1); x++) {
          if (tall)
            tall_free[y * width + x] = false;
          else
            owner[y * width + x] = kBlocked;
        }
    }
  }

  bool scatter() {
    std::vector<int> order(p.parts.size());
    for (size_t i = 0; i < order.size(); i++) order[i] = static_cast<int>(i);
    auto size = [&](int i) {
      const Box &box = p.parts[i].ways[0].box;
      return (box.x1 - box.x0) * (box.y1 - box.y0);
    };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return size(a) > size(b); });
    for (int i : order) {
      bool found = false;
      for (int attempt = 0; attempt < 200000 && !found; attempt++) {
        double x = snap(uniform(p.area.x0, p.area.x1)), y = snap(uniform(p.area.y0, p.area.y1));
        found = put(i, x, y, static_cast<int>(random() % 4));
      }
      if (!found) {
        std::fprintf(stderr, "no room for %s\n", p.parts[i].name.c_str());
        return false;
      }
    }
    return true;
  }

  void anneal() {
    for (long move = 0; move < p.moves; move++) {
      const double part = static_cast<double>(move) / static_cast<double>(p.moves);
      const double heat = 25.0 * std::exp(-7.0 * part), reach = 1.0 + 45.0 * std::exp(-4.5 * part);
      if (uniform(0, 1) < 0.15)
        swap(heat);
      else
        shift(heat, reach);
    }
  }

  double length() const {
    double sum = 0;
    for (size_t net = 0; net < p.weights.size(); net++) sum += net_length(static_cast<int>(net));
    for (size_t wish = 0; wish < p.wishes.size(); wish++) sum += wish_length(static_cast<int>(wish));
    return sum;
  }

  void print() const {
    for (const Part &part : p.parts) std::printf("%s %.2f %.2f %d\n", part.name.c_str(), part.x, part.y, part.way * 90);
  }

 private:
  static constexpr int kFree = -1, kBlocked = -2;
  Problem p;
  std::mt19937 random;
  int width, height;
  std::vector<int> owner;
  std::vector<bool> tall_free;

  double uniform(double a, double b) { return a + (b - a) * (random() / 4294967296.0); }
  static double snap(double v) { return std::round(v / kGrid) * kGrid; }

  Cells cells(const Box &box, double gap) const {
    return {static_cast<int>(std::floor((box.x0 - gap - p.area.x0) / kGrid)),
            static_cast<int>(std::floor((box.y0 - gap - p.area.y0) / kGrid)),
            static_cast<int>(std::ceil((box.x1 + gap - p.area.x0) / kGrid)),
            static_cast<int>(std::ceil((box.y1 + gap - p.area.y0) / kGrid))};
  }

  void mark(const Cells &c, int value) {
    for (int y = c.y0; y < c.y1; y++) std::fill_n(owner.begin() + y * width + c.x0, c.x1 - c.x0, value);
  }

  // Whether a part fits there, over what it covers itself; where it does, its cells.
  bool fits(int i, double x, double y, int way, Cells *found) const {
    const Box &box = p.parts[i].ways[way].box;
    const Cells c = cells({box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y}, p.gap / 2);
    if (c.x0 < 3 || c.y0 < 3 || c.x1 > width - 3 || c.y1 > height - 3) return false;
    for (int row = c.y0; row < c.y1; row++)
      for (int column = c.x0; column < c.x1; column++) {
        const size_t cell = static_cast<size_t>(row) * width + column;
        if (owner[cell] != kFree && owner[cell] != i) return false;
        if (p.parts[i].tall && !tall_free[cell]) return false;
      }
    *found = c;
    return true;
  }

  bool put(int i, double x, double y, int way) {
    Cells c{};
    if (!fits(i, x, y, way, &c)) return false;
    Part &part = p.parts[i];
    part.x = x, part.y = y, part.way = way, part.cells = c;
    mark(c, i);
    return true;
  }

  double net_length(int net) const {
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    auto add = [&](double x, double y) {
      x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
    };
    for (const Pad &pad : p.fixed[net]) add(pad.x, pad.y);
    for (int i : p.members[net])
      for (const Pad &pad : p.parts[i].ways[p.parts[i].way].pads)
        if (pad.net == net) add(pad.x + p.parts[i].x, pad.y + p.parts[i].y);
    return x1 < x0 ? 0.0 : p.weights[net] * (x1 - x0 + y1 - y0);
  }

  double wish_length(int index) const {
    const Wish &wish = p.wishes[index];
    const Part &part = p.parts[wish.part];
    const Pad &pad = part.ways[part.way].pads[wish.pad];
    double x = wish.x, y = wish.y;
    if (wish.other >= 0) {
      const Part &other = p.parts[wish.other];
      x = other.x + other.ways[other.way].pads[wish.other_pad].x;
      y = other.y + other.ways[other.way].pads[wish.other_pad].y;
    }
    const double away = std::hypot(part.x + pad.x - x, part.y + pad.y - y);
    return wish.weight * (away + 4.0 * std::max(0.0, away - 2.3));  // beyond the rule it costs more
  }

  double around(const Part &a, const Part *b) const {
    std::set<int> nets(a.nets.begin(), a.nets.end()), wishes(a.wishes.begin(), a.wishes.end());
    if (b) {
      nets.insert(b->nets.begin(), b->nets.end());
      wishes.insert(b->wishes.begin(), b->wishes.end());
    }
    double sum = 0;
    for (int net : nets) sum += net_length(net);
    for (int wish : wishes) sum += wish_length(wish);
    return sum;
  }

  bool accepts(double change, double heat) { return change < 0 || uniform(0, 1) < std::exp(-change / heat); }

  void shift(double heat, double reach) {
    const int i = static_cast<int>(random() % p.parts.size());
    Part &part = p.parts[i];
    const Part before = part;
    const double x = snap(part.x + uniform(-reach, reach)), y = snap(part.y + uniform(-reach, reach));
    const int way = uniform(0, 1) < 0.6 ? part.way : static_cast<int>(random() % 4);
    Cells c{};
    if (!fits(i, x, y, way, &c)) return;
    const double old = around(part, nullptr);
    part.x = x, part.y = y, part.way = way;
    if (accepts(around(part, nullptr) - old, heat)) {
      mark(before.cells, kFree);
      part.cells = c;
      mark(c, i);
    } else {
      part.x = before.x, part.y = before.y, part.way = before.way;
    }
  }

  void swap(double heat) {
    const int i = static_cast<int>(random() % p.parts.size()), j = static_cast<int>(random() % p.parts.size());
    if (i == j) return;
    Part &a = p.parts[i], &b = p.parts[j];
    const double ax = a.x, ay = a.y, bx = b.x, by = b.y;
    const Cells ac = a.cells, bc = b.cells;
    const double old = around(a, &b);
    mark(ac, kFree);
    mark(bc, kFree);
    if (put(i, bx, by, a.way)) {
      if (put(j, ax, ay, b.way)) {
        if (accepts(around(a, &b) - old, heat)) return;
        mark(b.cells, kFree);
      }
      mark(a.cells, kFree);
    }
    a.x = ax, a.y = ay, a.cells = ac;
    b.x = bx, b.y = by, b.cells = bc;
    mark(ac, i);
    mark(bc, j);
  }
};

}  // namespace

int main(int count, char **arguments) {
  if (count != 2) return 2;
  Placer placer(read(arguments[1]));
  if (!placer.scatter()) return 1;
  const double before = placer.length();
  placer.anneal();
  std::printf("length %.3f %.3f\n", before, placer.length());
  placer.print();
  return 0;
}
