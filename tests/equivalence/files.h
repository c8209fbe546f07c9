/* tests/equivalence/files.h: the batches of generated call graphs as files (docs/batch-files.md):
 * written, made again from the state alone, verified whole, in runs and as shares, and with
 * flipped bits. */
#ifndef EQUIVALENCE_FILES_H
#define EQUIVALENCE_FILES_H

/* equivalence --files NODE_CODE_FILE GRAPHS SEED FLIPS [FOLDER]
 * argv begins with the program's name, as main's. With a folder, each batch, with its witness
 * behind it, one of its runs alone, and these as often with a flipped bit, are put into lists there
 * (outcomes.h); their names are SEED.N, SEED.share.N, or SEED.below.N of an L3's, and N is 0 if no
 * bit is flipped. */
int files_main(int argc, char **argv);

#endif
