/* A network's shape, and where everything of it lies: parameters in one row, audio in rows of `stride` frames.
 *
 * Frames are counted as the dry audio's: frame t of every row is the same moment, so a layer's output starts later than
 * its input by (kernel - 1) * dilation, and every row ends at the same frame. That end is a whole number of lines of
 * the cache, and work begins at the line in which a row starts, so that what is stored is stored in whole lines. The
 * frames between are made zero, so that nothing there counts. */
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace core {

enum Activation { kTanh = 0, kLeakyRelu = 1, kRelu = 2, kHardtanh = 3 };

constexpr std::size_t line = 16; /* frames */

inline std::size_t line_of(std::size_t frame) {
  return frame / line * line;
}

struct LayerPlan {
  int channels, rows, kernel, dilation;
  std::size_t in_start, out_start;                          /* first frames of input and output */
  std::size_t weight, bias, mixin, residual, residual_bias; /* places among the parameters */
  bool has_residual;                                        /* the last layer of all feeds nothing but the head */
  std::size_t film_row, noise_row; /* noise: of the convolution's rows, then of what goes onward */
  std::size_t stream, active;      /* first rows in the workspace: input; activations (main, then gate, if gated) */
};

struct ArrayPlan {
  int inputs, channels, activation, head_size, head_kernel;
  bool gated, first, last;
  double slope;
  std::vector<LayerPlan> layers;
  std::size_t in_start, sum_start, head_start; /* first frames of the input, of the skips' sum, of the head's output */
  std::size_t rechannel, head, head_bias;      /* places among the parameters */
  std::size_t input, sum, final_stream;        /* first rows in the workspace */
  int reach(int tap) const { return head_kernel - 1 - tap; }
};

struct Plan {
  std::vector<ArrayPlan> arrays;
  std::size_t front;  /* frames of room before the first */
  std::size_t end;    /* one beyond the last frame */
  std::size_t stride; /* frames from row to row */
  std::size_t parameters = 0, film_rows = 0, noise_rows = 0, workspace_rows = 0, head_film_row = 0;
  std::size_t longest_reach = 0;
  int widest = 1, most_rows = 1, most_taps = 1, outputs = 1;
  bool with_film;

  /* shape: film (0 or 1), arrays; then for each array inputs, channels, layers, activation, gated, head size, head
   * kernel, and for each of its layers kernel and dilation. slopes: one an array, of LeakyReLU. keep: every layer's
   * rows are kept for the way back; else two layers take turns. */
  Plan(const std::int64_t* shape, const double* slopes, std::size_t frames, bool keep) {
    with_film = shape[0] != 0;
    const int array_count = static_cast<int>(shape[1]);
    shape += 2;
    front = 2 * line + (line - frames % line) % line;
    std::size_t at = front, rows_used = 1;
    for (int index = 0; index < array_count; ++index) {
      ArrayPlan a{};
      a.inputs = static_cast<int>(shape[0]);
      a.channels = static_cast<int>(shape[1]);
      const int layer_count = static_cast<int>(shape[2]);
      a.activation = static_cast<int>(shape[3]);
      a.gated = shape[4] != 0;
      a.head_size = static_cast<int>(shape[5]);
      a.head_kernel = static_cast<int>(shape[6]);
      shape += 7;
      a.slope = slopes[index];
      a.first = index == 0;
      a.last = index == array_count - 1;
      a.in_start = at;
      a.input = a.first ? 0 : arrays.back().final_stream;
      a.rechannel = take(parameters, a.channels * a.inputs);
      const int rows = a.channels * (a.gated ? 2 : 1);
      a.sum = take(rows_used, a.channels);
      const std::size_t turn[2] = {take(rows_used, a.channels), take(rows_used, a.channels)};
      const std::size_t shared = keep ? 0 : take(rows_used, rows);
      std::size_t stream = turn[0];
      for (int i = 0; i < layer_count; ++i, shape += 2) {
        LayerPlan l{};
        l.channels = a.channels;
        l.rows = rows;
        l.kernel = static_cast<int>(shape[0]);
        l.dilation = static_cast<int>(shape[1]);
        const std::size_t reach = static_cast<std::size_t>(l.kernel - 1) * l.dilation;
        longest_reach = std::max(longest_reach, reach);
        l.in_start = at;
        l.out_start = at += reach;
        l.weight = take(parameters, rows * a.channels * l.kernel);
        l.bias = take(parameters, rows);
        l.mixin = take(parameters, rows);
        l.has_residual = !(a.last && i == layer_count - 1);
        l.residual = take(parameters, l.has_residual ? a.channels * a.channels : 0);
        l.residual_bias = take(parameters, l.has_residual ? a.channels : 0);
        l.film_row = take(film_rows, rows);
        l.noise_row = take(noise_rows, rows + a.channels);
        l.stream = stream;
        l.active = keep ? take(rows_used, rows) : shared;
        if (l.has_residual) stream = !keep ? turn[(i + 1) % 2] : i == 0 ? turn[1] : take(rows_used, a.channels);
        most_taps = std::max({most_taps, a.channels * l.kernel + 2, rows * l.kernel});
        a.layers.push_back(l);
      }
      a.final_stream = stream;
      a.sum_start = at;
      at += a.head_kernel - 1;
      longest_reach = std::max(longest_reach, static_cast<std::size_t>(a.head_kernel - 1));
      a.head_start = at;
      a.head = take(parameters, a.head_size * a.channels * a.head_kernel);
      a.head_bias = take(parameters, a.head_size);
      most_taps = std::max({most_taps, a.channels * a.head_kernel + 2, a.head_size * a.head_kernel, a.inputs + 2});
      widest = std::max({widest, a.channels, a.inputs, a.head_size});
      most_rows = std::max({most_rows, rows, a.head_size, a.inputs});
      outputs = a.head_size;
      arrays.push_back(a);
      at = a.sum_start; /* the next array's stream is this one's, not its head's output */
    }
    head_film_row = take(film_rows, outputs);
    workspace_rows = rows_used;
    end = front + frames;
    stride = line_of(end + longest_reach + 2 * line);
    while (stride / line % 8 != 3) stride += line; /* neighbouring rows must not meet in the same set of the cache */
  }

  /* First frame of the output. Later arrays' skips start no earlier than the head's output they are added to. */
  std::size_t out_start() const { return arrays.back().head_start; }

 private:
  static std::size_t take(std::size_t& next, std::size_t count) {
    const std::size_t at = next;
    next += count;
    return at;
  }
};

}  // namespace core
