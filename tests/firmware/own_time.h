/* A limit on what one input may compute: seconds of the process's own processor time. libFuzzer's -timeout is by the
 * clock on the wall, so that on a busy machine an input that only waits for its turn would be called slow. */
#ifndef GRITSPACE_OWN_TIME_H
#define GRITSPACE_OWN_TIME_H

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef OWN_SECONDS
#define OWN_SECONDS 20
#endif

static void too_long(int number) {
  static const char said[] = "this input took too much processor time\n";
  (void)number;
  if (write(STDERR_FILENO, said, sizeof said - 1u) < 0) _exit(1);
  abort(); /* libFuzzer keeps the input */
}

/* At an input's beginning. */
static void limit_own_time(void) {
  static const struct itimerval limit = {.it_value = {.tv_sec = OWN_SECONDS}};
  static int armed;
  if (!armed) {
    if (signal(SIGPROF, too_long) == SIG_ERR) abort();
    armed = 1;
  }
  if (setitimer(ITIMER_PROF, &limit, NULL) != 0) abort();
}

#endif
