// Routes a board on a grid of 0.15 mm by negotiation: PathFinder (McMurchie and Ebeling, FPGA 1995).
//
// Every net is routed as if alone, by A* over the layers; where nets meet, the place grows dearer for all of them, pass by
// pass, until none meet. Shapes are kept apart exactly: a cell is closed to a track of some width if a track's centre there
// would come nearer to a pad, hole or edge than the clearance.
//
// Input, one line each:
//   board x0 y0 x1 y1 layers clearance edge via_radius
//   net name half_width route(0|1)                 numbered from 0
//   item kind net layers x y hole_radius count (x y)...    a polygon; kind P pad, T track or via, N unplated hole, K keep-out;
//                                                  net -1: none; layers: bits; x y: a pad's centre
// Output: "track net layer width x0 y0 x1 y1" and "via net x y". Ends with 1 if nets still meet or a pad was not reached.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <queue>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

constexpr double kGrid = 0.15, kMargin = 0.02;
constexpr int kFree = -1, kClosed = -2;
constexpr double kViaCost = 8.0;

struct Point {
  double x, y;
};
struct Item {
  char kind;
  int net, layers;
  Point centre;
  double hole;
  std::vector<Point> outline;
};
struct Net {
  std::string name;
  int width;  // index into the widths
  bool routed;
};
struct Board {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0, clearance = 0.2, edge = 0.3, via_radius = 0.3;
  int layers = 2;
  std::vector<double> half_widths;
  std::vector<Net> nets;
  std::vector<Item> items;
};

double to_segment(Point a, Point b, Point q) {
  const double vx = b.x - a.x, vy = b.y - a.y, squared = vx * vx + vy * vy;
  double t = squared > 0 ? ((q.x - a.x) * vx + (q.y - a.y) * vy) / squared : 0.0;
  t = std::clamp(t, 0.0, 1.0);
  return std::hypot(a.x + t * vx - q.x, a.y + t * vy - q.y);
}

// From a point to a polygon; negative inside.
double distance(const std::vector<Point> &outline, Point q) {
  bool inside = false;
  double nearest = 1e9;
  for (size_t i = 0, j = outline.size() - 1; i < outline.size(); j = i++) {
    const Point &a = outline[i], &b = outline[j];
    if ((a.y > q.y) != (b.y > q.y) && q.x < (b.x - a.x) * (q.y - a.y) / (b.y - a.y) + a.x) inside = !inside;
    nearest = std::min(nearest, to_segment(a, b, q));
  }
  return inside ? -nearest : nearest;
}

Board read(const char *path) {
  Board board;
  std::ifstream file(path);
  std::string line, word;
  while (std::getline(file, line)) {
    std::istringstream in(line);
    in >> word;
    if (word == "board") {
      in >> board.x0 >> board.y0 >> board.x1 >> board.y1 >> board.layers >> board.clearance >> board.edge >> board.via_radius;
    } else if (word == "net") {
      Net net;
      double half = 0;
      in >> net.name >> half >> net.routed;
      auto found = std::find(board.half_widths.begin(), board.half_widths.end(), half);
      net.width = static_cast<int>(found - board.half_widths.begin());
      if (found == board.half_widths.end()) board.half_widths.push_back(half);
      board.nets.push_back(net);
    } else if (word == "item") {
      Item item;
      int count = 0;
      in >> item.kind >> item.net >> item.layers >> item.centre.x >> item.centre.y >> item.hole >> count;
      item.outline.resize(count);
      for (Point &point : item.outline) in >> point.x >> point.y;
      board.items.push_back(item);
    }
  }
  return board;
}

struct Pad {
  Point centre;
  std::vector<int> nodes;  // layer * cells + cell
};

class Router {
 public:
  explicit Router(Board given) : board(std::move(given)) {
    columns = static_cast<int>((board.x1 - board.x0) / kGrid) + 1;
    rows = static_cast<int>((board.y1 - board.y0) / kGrid) + 1;
    cells = columns * rows;
    widths = static_cast<int>(board.half_widths.size());
    open.assign(widths, std::vector<std::vector<int>>(board.layers, std::vector<int>(cells, kFree)));
    open_via.assign(cells, kFree);
    use.assign(widths, std::vector<std::vector<unsigned short>>(board.layers, std::vector<unsigned short>(cells, 0)));
    use_via.assign(cells, 0);
    past.assign(board.layers, std::vector<float>(cells, 0));
    past_via.assign(cells, 0);
    pads.resize(board.nets.size());
    paths.resize(board.nets.size());
    vias.resize(board.nets.size());
    shadows.resize(board.nets.size());
    cost.assign(static_cast<size_t>(board.layers) * cells, 0);
    from.assign(cost.size(), -1);
    stamp.assign(cost.size(), 0);
    close_edge();
    for (const Item &item : board.items) close_round(item);
    spread();
    for (size_t net = 0; net < board.nets.size(); net++)
      if (board.nets[net].routed && pads[net].size() > 1) order.push_back(static_cast<int>(net));
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return span(a) < span(b); });
  }

  // Passes until no nets meet. Returns how many still do, or -1 if a pad cannot be reached at all.
  int negotiate(int passes) {
    int meeting = 0;
    for (int pass = 1; pass <= passes; pass++) {
      int rerouted = 0;
      for (int net : order) {
        if (pass > 1 && conflicts(net, false) == 0) continue;
        if (pass > 1) shade(net, -1);
        if (!route(net)) {
          std::fprintf(stderr, "no way for %s\n", board.nets[net].name.c_str());
          return -1;
        }
        shade(net, 1);
        rerouted++;
      }
      meeting = 0;
      for (int net : order) meeting += conflicts(net, true) > 0;
      std::fprintf(stderr, "pass %d: %d nets routed, %d meet\n", pass, rerouted, meeting);
      if (!meeting) return 0;
      present = std::min(60.0, present * 1.35);
    }
    return meeting;
  }

  void print() const {
    for (int net : order)
      for (const std::vector<int> &path : paths[net]) print_path(net, path);
  }

 private:
  Board board;
  int columns, rows, cells, widths;
  // For each width, layer and cell: free, closed, or the one net that may pass.
  std::vector<std::vector<std::vector<int>>> open;
  std::vector<int> open_via;
  // How many nets' copper closes it to others, and how often nets have met there.
  std::vector<std::vector<std::vector<unsigned short>>> use;
  std::vector<unsigned short> use_via;
  std::vector<std::vector<float>> past;
  std::vector<float> past_via;
  std::vector<std::vector<Pad>> pads;
  std::vector<std::vector<std::vector<int>>> paths;
  std::vector<std::set<int>> vias;
  struct Shadow {
    std::vector<std::vector<int>> tracks;
    std::vector<int> vias;
  };
  std::vector<Shadow> shadows;
  std::vector<std::vector<std::vector<std::pair<int, int>>>> discs;  // copper a closes cells to copper b; last: via
  std::vector<int> order;
  std::vector<float> cost;
  std::vector<int> from, stamp;
  int stamps = 0;
  double present = 0.5;

  double x_of(int cell) const { return board.x0 + (cell % columns) * kGrid; }
  double y_of(int cell) const { return board.y0 + (cell / columns) * kGrid; }

  static void claim(int *place, int net) {
    if (*place == kFree)
      *place = net;
    else if (*place != net)
      *place = kClosed;
  }

  void close_edge() {
    for (int cell = 0; cell < cells; cell++) {
      const double away = std::min(std::min(x_of(cell) - board.x0, board.x1 - x_of(cell)),
                                   std::min(y_of(cell) - board.y0, board.y1 - y_of(cell)));
      for (int width = 0; width < widths; width++)
        if (away < board.edge + board.half_widths[width] + kMargin)
          for (auto &layer : open[width]) layer[cell] = kClosed;
      if (away < board.edge + board.via_radius + kMargin) open_via[cell] = kClosed;
    }
  }

  void close_round(const Item &item) {
    const int net = item.net < 0 ? kClosed : item.net;
    const double clearance = item.kind == 'K' ? 0.01 : item.kind == 'N' ? board.clearance + 0.05 : board.clearance;
    const double reach = board.via_radius + clearance + kMargin + 0.1;
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    for (const Point &point : item.outline) {
      x0 = std::min(x0, point.x), x1 = std::max(x1, point.x);
      y0 = std::min(y0, point.y), y1 = std::max(y1, point.y);
    }
    const int left = std::max(0, static_cast<int>((x0 - reach - board.x0) / kGrid));
    const int right = std::min(columns - 1, static_cast<int>((x1 + reach - board.x0) / kGrid) + 1);
    const int top = std::max(0, static_cast<int>((y0 - reach - board.y0) / kGrid));
    const int bottom = std::min(rows - 1, static_cast<int>((y1 + reach - board.y0) / kGrid) + 1);
    Pad pad{item.centre, {}};
    for (int row = top; row <= bottom; row++)
      for (int column = left; column <= right; column++) {
        const int cell = row * columns + column;
        const double away = distance(item.outline, {x_of(cell), y_of(cell)});
        for (int layer = 0; layer < board.layers; layer++) {
          if (!(item.layers >> layer & 1)) continue;
          for (int width = 0; width < widths; width++)
            if (away < board.half_widths[width] + clearance + kMargin) claim(&open[width][layer][cell], net);
          if (item.kind == 'P' && net >= 0 && away < 0) pad.nodes.push_back(layer * cells + cell);
        }
        if (away < board.via_radius + clearance + kMargin) claim(&open_via[cell], net);
        // Two holes never come near each other, one net or not.
        if (item.hole > 0 && std::hypot(x_of(cell) - item.centre.x, y_of(cell) - item.centre.y) < item.hole + 0.42)
          open_via[cell] = kClosed;
      }
    if (!pad.nodes.empty()) pads[net].push_back(pad);
  }

  void spread() {
    std::vector<double> half = board.half_widths;
    half.push_back(board.via_radius);
    discs.assign(half.size(), std::vector<std::vector<std::pair<int, int>>>(half.size()));
    for (size_t a = 0; a < half.size(); a++)
      for (size_t b = 0; b < half.size(); b++) {
        const double radius = half[a] + half[b] + board.clearance + kMargin - 1e-9;
        const int reach = static_cast<int>(radius / kGrid) + 1;
        for (int y = -reach; y <= reach; y++)
          for (int x = -reach; x <= reach; x++)
            if (std::hypot(x * kGrid, y * kGrid) < radius) discs[a][b].push_back({x, y});
      }
  }

  double span(int net) const {
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    for (const Pad &pad : pads[net]) {
      x0 = std::min(x0, pad.centre.x), x1 = std::max(x1, pad.centre.x);
      y0 = std::min(y0, pad.centre.y), y1 = std::max(y1, pad.centre.y);
    }
    return x1 - x0 + y1 - y0;
  }

  // Adds (or takes away) what a net's copper closes to others.
  void shade(int net, int sign) {
    for (int width = 0; width < widths; width++)
      for (int node : shadows[net].tracks[width])
        use[width][node / cells][node % cells] = static_cast<unsigned short>(use[width][node / cells][node % cells] + sign);
    for (int cell : shadows[net].vias) use_via[cell] = static_cast<unsigned short>(use_via[cell] + sign);
  }

  void cast_shadow(int net) {
    std::set<int> nodes;
    for (const auto &path : paths[net]) nodes.insert(path.begin(), path.end());
    std::vector<std::set<int>> tracks(widths);
    std::set<int> via_cells;
    auto stain = [&](int copper, int layer, int cell) {
      for (int b = 0; b <= widths; b++)
        for (const auto &[dx, dy] : discs[copper][b]) {
          const int x = cell % columns + dx, y = cell / columns + dy;
          if (x < 0 || y < 0 || x >= columns || y >= rows) continue;
          if (b < widths)
            tracks[b].insert(layer * cells + y * columns + x);
          else
            via_cells.insert(y * columns + x);
        }
    };
    for (int node : nodes) stain(board.nets[net].width, node / cells, node % cells);
    for (int cell : vias[net])
      for (int layer = 0; layer < board.layers; layer++) stain(widths, layer, cell);
    shadows[net].tracks.clear();
    for (const auto &set : tracks) shadows[net].tracks.emplace_back(set.begin(), set.end());
    shadows[net].vias.assign(via_cells.begin(), via_cells.end());
  }

  int conflicts(int net, bool remember) {
    const int width = board.nets[net].width;
    int count = 0;
    shade(net, -1);
    for (const auto &path : paths[net])
      for (int node : path)
        if (use[width][node / cells][node % cells]) {
          count++;
          if (remember) past[node / cells][node % cells] += 0.4f;
        }
    for (int cell : vias[net])
      if (use_via[cell]) {
        count++;
        if (remember) past_via[cell] += 0.4f;
      }
    shade(net, 1);
    return count;
  }

  // One net: from its first pad to the nearest other, then from all of that to the next, and so on.
  bool route(int net) {
    paths[net].clear();
    vias[net].clear();
    std::set<int> tree(pads[net][0].nodes.begin(), pads[net][0].nodes.end());
    std::vector<const Pad *> rest;
    for (size_t i = 1; i < pads[net].size(); i++) rest.push_back(&pads[net][i]);
    while (!rest.empty()) {
      std::unordered_map<int, const Pad *> goals;
      for (const Pad *pad : rest)
        for (int node : pad->nodes) goals[node] = pad;
      const int end = search(net, tree, goals);
      if (end < 0) return false;
      std::vector<int> path;
      for (int node = end; node >= 0; node = from[node]) path.push_back(node);
      for (size_t i = 0; i + 1 < path.size(); i++)
        if (path[i] / cells != path[i + 1] / cells) vias[net].insert(path[i] % cells);
      tree.insert(path.begin(), path.end());
      const Pad *reached = goals[end];
      tree.insert(reached->nodes.begin(), reached->nodes.end());
      rest.erase(std::find(rest.begin(), rest.end(), reached));
      paths[net].push_back(path);
    }
    cast_shadow(net);
    return true;
  }

  int search(int net, const std::set<int> &tree, const std::unordered_map<int, const Pad *> &goals) {
    const int width = board.nets[net].width;
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    for (const auto &goal : goals) {
      const int cell = goal.first % cells;
      x0 = std::min(x0, x_of(cell)), x1 = std::max(x1, x_of(cell));
      y0 = std::min(y0, y_of(cell)), y1 = std::max(y1, y_of(cell));
    }
    auto ahead = [&](int node) {
      const int cell = node % cells;
      const double dx = std::max(0.0, std::max(x0 - x_of(cell), x_of(cell) - x1));
      const double dy = std::max(0.0, std::max(y0 - y_of(cell), y_of(cell) - y1));
      return static_cast<float>((std::max(dx, dy) + 0.414 * std::min(dx, dy)) / kGrid);
    };
    stamps++;
    using Entry = std::pair<float, int>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    auto reach = [&](int node, float price, int previous) {
      if (stamp[node] == stamps && price >= cost[node] - 1e-4f) return;
      stamp[node] = stamps;
      cost[node] = price;
      from[node] = previous;
      queue.push({price + ahead(node), node});
    };
    for (int node : tree) reach(node, 0, -1);
    auto passable = [&](int place) { return place == kFree || place == net; };
    while (!queue.empty()) {
      const auto [estimate, node] = queue.top();
      queue.pop();
      if (estimate > cost[node] + ahead(node) + 1e-3f) continue;
      if (goals.count(node)) return node;
      const int layer = node / cells, cell = node % cells, x = cell % columns, y = cell / columns;
      for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
          if ((!dx && !dy) || x + dx < 0 || y + dy < 0 || x + dx >= columns || y + dy >= rows) continue;
          const int next = (y + dy) * columns + x + dx;
          if (!passable(open[width][layer][next])) continue;
          const double step = (dx && dy ? 1.4142 : 1.0) * (1 + past[layer][next]) * (1 + present * use[width][layer][next]);
          reach(layer * cells + next, cost[node] + static_cast<float>(step), node);
        }
      if (!passable(open_via[cell])) continue;
      for (int other = 0; other < board.layers; other++) {
        if (other == layer || !passable(open[width][other][cell])) continue;
        const double step = kViaCost * (1 + past_via[cell]) * (1 + present * use_via[cell]);
        reach(other * cells + cell, cost[node] + static_cast<float>(step), node);
      }
    }
    return -1;
  }

  // Straight runs become one track.
  void print_path(int net, const std::vector<int> &path) const {
    const Net &named = board.nets[net];
    const double width = 2 * board.half_widths[named.width];
    for (size_t i = 0; i + 1 < path.size();) {
      const int a = path[i] % cells, layer = path[i] / cells;
      if (layer != path[i + 1] / cells) {
        std::printf("via %s %.3f %.3f\n", named.name.c_str(), x_of(a), y_of(a));
        i++;
        continue;
      }
      size_t j = i + 1;
      while (j + 1 < path.size() && path[j + 1] - path[j] == path[i + 1] - path[i]) j++;
      const int b = path[j] % cells;
      std::printf("track %s %d %.2f %.3f %.3f %.3f %.3f\n", named.name.c_str(), layer, width, x_of(a), y_of(a), x_of(b), y_of(b));
      i = j;
    }
  }
};

}  // namespace

int main(int count, char **arguments) {
  if (count != 3) return 2;
  Router router(read(arguments[1]));
  const int left = router.negotiate(std::atoi(arguments[2]));
  router.print();
  return left == 0 ? 0 : 1;
}
