/* Simulated annealing for anneal.py: numbers in, the best order and its registers out.
 *
 * In: count, context; for each instruction and then each of the context: length, units, units by the second rules,
 * whether only first in its cycle, sources (how many; which, wait, wait by the second rules; a source from MAX_VALUES
 * on is the round's before); context in front; rounds; for each instruction those it must follow (how many; which);
 * values (how many; fixed register or -1, writer or -1, stays, readers: how many; which); an order; steps; seed;
 * percent that cycles by the second rules count; percent that the mean cycle of all instructions counts; whether values
 * keep to registers they had, and if so of each value the first one or -1. Out: cycles, the order, the register of each
 * value. Fails with 1 if registers do not suffice for the first order. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MAX_VALUES = 512, MAX_LINKS = 256, REGISTERS = 14, TRIES = 300, FIRST_TRIES = 1 << 22 };
static const double HOT = 0.8, COLD = 0.12; /* cycles worse that follow with probability 1/e, at first and at last */

static int count, context, front, rounds, length[MAX_VALUES], units[2][MAX_VALUES], alone[MAX_VALUES],
    sources[MAX_VALUES];
static int source[MAX_VALUES][MAX_LINKS], wait[2][MAX_VALUES][MAX_LINKS];
static int follows[MAX_VALUES], earlier[MAX_VALUES][MAX_VALUES], precedes[MAX_VALUES], later[MAX_VALUES][MAX_VALUES];
static int values, fixed[MAX_VALUES], writer[MAX_VALUES], stays[MAX_VALUES], readers[MAX_VALUES],
    reader[MAX_VALUES][MAX_LINKS];

typedef struct {
  int begin, end, value;
} span_t;
static span_t spans[REGISTERS][MAX_VALUES],
    wanted[MAX_VALUES]; /* of values whose register is fixed; of the others, by begin */
static int held[REGISTERS], last_end[REGISTERS], waiting, tries, given[MAX_VALUES];
static int keeps, kept[MAX_VALUES]; /* the register that a value had in the order before */

static int number(void) {
  int x = 0;
  if (scanf("%d", &x) != 1) x = 0;
  return x;
}

static uint64_t random_state;
static uint32_t random_below(uint32_t limit) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(((random_state >> 33) * limit) >> 31);
}

static double sum_of_cycles; /* when each instruction is issued */

/* Of all rounds, by LLVM's rules or the second ones. */
static int cycles(const int *order, int rules) {
  static int done[2 * MAX_VALUES];
  int cycle = 0, slots = 0, last_write = 0, used = 0;
  sum_of_cycles = 0;
  for (int i = 0; i < MAX_VALUES; i++) done[MAX_VALUES + i] = -MAX_VALUES;
  for (int round = 0; round < rounds; round++) {
    for (int n = 0; n < count + context; n++) {
      const int i = n < front ? count + n : (n < front + count ? order[n - front] : n);
      int at = last_write - length[i] > cycle ? last_write - length[i] : cycle;
      for (int s = 0; s < sources[i]; s++)
        if (done[source[i][s]] - wait[rules][i][s] > at) at = done[source[i][s]] - wait[rules][i][s];
      if (at > cycle) cycle = at, slots = 0, used = 0;
      if (slots == 2 || (used & units[rules][i]) != 0 || (slots != 0 && alone[i])) cycle++, slots = 0, used = 0;
      slots++;
      used |= units[rules][i];
      done[i] = cycle + length[i];
      sum_of_cycles += cycle;
      if (done[i] > last_write) last_write = done[i];
    }
    memcpy(done + MAX_VALUES, done, MAX_VALUES * sizeof *done);
  }
  return cycle + 1;
}

static double second_counts, mean_counts; /* beside LLVM's cycles */

static double price_of(const int *order) {
  double price = cycles(order, 0);
  price += mean_counts * sum_of_cycles / (count * rounds);
  if (second_counts > 0) price += second_counts * cycles(order, 1);
  return price / rounds;
}

static bool assign(int at) {
  if (at == waiting) return true;
  const span_t span = wanted[at];
  int room[REGISTERS], fitting[REGISTERS], fit = 0;
  for (int r = 0; r < REGISTERS; r++) {
    int next = count + 1;
    bool taken = last_end[r] > span.begin; /* of those handed out so far, none begins later */
    for (int s = 0; s < held[r] && !taken; s++) {
      taken = spans[r][s].begin < span.end && span.begin < spans[r][s].end;
      if (spans[r][s].begin >= span.end && spans[r][s].begin < next) next = spans[r][s].begin;
    }
    if (taken) continue;
    room[r] = keeps && kept[span.value] == r ? 0 : next;
    int place = fit++; /* tightest gap first */
    for (; place > 0 && room[fitting[place - 1]] > room[r]; place--) fitting[place] = fitting[place - 1];
    fitting[place] = r;
  }
  for (int n = 0; n < fit; n++) {
    if (--tries < 0) return false;
    const int r = fitting[n], before = last_end[r];
    last_end[r] = span.end;
    given[span.value] = r;
    if (assign(at + 1)) return true;
    last_end[r] = before;
  }
  return false;
}

static bool registers_suffice(const int *order, int most_tries) {
  static span_t begins[MAX_VALUES];
  static bool is_begun[MAX_VALUES];
  int place[MAX_VALUES];
  for (int n = 0; n < count; n++) place[order[n]] = n;
  memset(held, 0, sizeof held);
  memset(is_begun, 0, sizeof is_begun);
  for (int r = 0; r < REGISTERS; r++) last_end[r] = -1;
  waiting = 0;
  for (int v = 0; v < values; v++) {
    span_t span = {writer[v] < 0 ? -1 : place[writer[v]], 0, v};
    span.end = stays[v] ? count : span.begin + 1;
    for (int r = 0; r < readers[v] && !stays[v]; r++)
      if (place[reader[v][r]] > span.end) span.end = place[reader[v][r]];
    given[v] = fixed[v];
    if (fixed[v] >= 0) {
      spans[fixed[v]][held[fixed[v]]++] = span;
      continue;
    }
    begins[span.begin] = span;
    is_begun[span.begin] = true;
  }
  for (int n = 0; n < count; n++)
    if (is_begun[n]) wanted[waiting++] = begins[n];
  tries = most_tries;
  return assign(0);
}

static void read_problem(void) {
  count = number();
  context = number();
  for (int i = 0; i < count + context; i++) {
    length[i] = number();
    units[0][i] = number();
    units[1][i] = number();
    alone[i] = number();
    sources[i] = number();
    for (int s = 0; s < sources[i]; s++) source[i][s] = number(), wait[0][i][s] = number(), wait[1][i][s] = number();
  }
  front = number();
  rounds = number();
  for (int j = 0; j < count; j++) {
    follows[j] = number();
    for (int n = 0; n < follows[j]; n++) {
      const int i = earlier[j][n] = number();
      later[i][precedes[i]++] = j;
    }
  }
  values = number();
  for (int v = 0; v < values; v++) {
    fixed[v] = number();
    writer[v] = number();
    stays[v] = number();
    readers[v] = number();
    for (int r = 0; r < readers[v]; r++) reader[v][r] = number();
  }
}

int main(void) {
  static int order[MAX_VALUES], tried[MAX_VALUES], best[MAX_VALUES], best_given[MAX_VALUES], place[MAX_VALUES];
  read_problem();
  for (int n = 0; n < count; n++) order[n] = number();
  const int steps = number();
  random_state = (uint64_t)number();
  second_counts = number() / 100.0;
  mean_counts = number() / 100.0;
  keeps = number();
  for (int v = 0; v < values && keeps; v++) kept[v] = number();
  if (!registers_suffice(order, FIRST_TRIES)) return 1;
  memcpy(best, order, sizeof best);
  memcpy(best_given, given, sizeof best_given);
  memcpy(kept, given, sizeof kept);
  double cost = price_of(order), least = cost;
  for (int n = 0; n < count; n++) place[order[n]] = n;
  for (int step = 0; step < steps; step++) {
    const int at = (int)random_below((uint32_t)count), i = order[at];
    int low = 0, high = count - 1;
    for (int n = 0; n < follows[i]; n++)
      if (place[earlier[i][n]] >= low) low = place[earlier[i][n]] + 1;
    for (int n = 0; n < precedes[i]; n++)
      if (place[later[i][n]] <= high) high = place[later[i][n]] - 1;
    if (low >= high) continue;
    const int to = low + (int)random_below((uint32_t)(high - low + 1));
    if (to == at) continue;
    memcpy(tried, order, sizeof tried);
    if (to < at) memmove(tried + to + 1, order + to, (size_t)(at - to) * sizeof *order);
    if (to > at) memmove(tried + at, order + at + 1, (size_t)(to - at) * sizeof *order);
    tried[to] = i;
    const double price = price_of(tried);
    const double heat = HOT * pow(COLD / HOT, (double)step / steps);
    if (price > cost && random_below(1u << 24) >= exp((cost - price) / heat) * (1u << 24)) continue;
    if (!registers_suffice(tried, TRIES)) continue;
    memcpy(order, tried, sizeof order);
    memcpy(kept, given, sizeof kept);
    cost = price;
    for (int n = 0; n < count; n++) place[order[n]] = n;
    if (cost >= least) continue;
    least = cost;
    memcpy(best, order, sizeof best);
    memcpy(best_given, given, sizeof best_given);
  }
  printf("%d %d\n", cycles(best, 0), cycles(best, 1));
  for (int n = 0; n < count; n++) printf("%d ", best[n]);
  printf("\n");
  for (int v = 0; v < values; v++) printf("%d ", best_given[v]);
  printf("\n");
  return 0;
}
