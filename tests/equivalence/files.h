/* tests/equivalence/files.h: the batches of generated call graphs as files (docs/batch-files.md):
 * written, made again from the state alone, verified whole and in runs, and with flipped bits. */
#ifndef EQUIVALENCE_FILES_H
#define EQUIVALENCE_FILES_H

/* equivalence --files NODE_CODE_FILE GRAPHS SEED FLIPS [FOLDER]
 * argv begins with the program's name, as main's. With a folder, each batch becomes SEED.0.input,
 * with its witness behind it, and SEED.0.output, what verify/statement.h makes of it; then one more
 * pair for each flipped bit (an L3's: SEED.below.0.input). */
int files_main(int argc, char **argv);

#endif
