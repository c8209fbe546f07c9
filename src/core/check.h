/* core/check.h: assertions against bugs of this program (never against input).
 *
 * CHECK is on in every build: it prints where and aborts; in the guest it traps, so that no proof
 * can come of a run that has gone wrong. VERIFY is for invariants too costly for release builds. */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

__attribute__((noreturn, cold)) void check_fail(const char *file, int line, const char *expression);

#define CHECK(expression) \
    (__builtin_expect(!(expression), 0) ? check_fail(__FILE__, __LINE__, #expression) : (void)0)

#ifdef LOCKSTEP_VERIFY
#define VERIFY(expression) CHECK(expression)
#else
#define VERIFY(expression) ((void)sizeof(expression))
#endif

#endif
