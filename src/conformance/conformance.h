/* conformance/conformance.h (hosted): the commands that run Ethereum's own test fixtures.
 *
 * Each takes its arguments as main does (argv[0] is the command's name), prints every failing case
 * with its reason and "N passed, N failed" as the last line, and returns the exit status. */
#ifndef CONFORMANCE_CONFORMANCE_H
#define CONFORMANCE_CONFORMANCE_H

/* lockstep statetest [--fork F] [--filter TEXT] [--jobs N] [--suspend] [--verbose] PATH…
 * General state tests: one transaction on a given state. --suspend: whatever is read for the first
 * time is missing at first, so that the execution suspends, is copied, and goes on as the copy.
 * --machine ELF: each case also runs in the guest's test build (build/guest/statetest.elf), which
 * must give the same. --one-in N: only one case in so many, always the same ones. */
int conformance_statetest(int argc, char **argv);

/* lockstep blocktest, the same options: chains of blocks, good and bad. */
int conformance_blocktest(int argc, char **argv);

/* lockstep vmtest, the same options: bare messages under Frontier rules. */
int conformance_vmtest(int argc, char **argv);

/* lockstep tracetest [--filter TEXT] [--jobs N] [--verbose] PATH…: geth's tracer cases; which
 * tracer, the names of their folders tell. */
int conformance_tracetest(int argc, char **argv);

#endif
