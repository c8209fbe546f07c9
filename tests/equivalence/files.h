/* tests/equivalence/files.h: the batches of generated call graphs as files (docs/batch-files.md):
 * written, made again from the state alone, verified whole and in runs, and with flipped bits. */
#ifndef EQUIVALENCE_FILES_H
#define EQUIVALENCE_FILES_H

/* equivalence --files NODE_CODE_FILE GRAPHS SEED FLIPS [FOLDER]
 * argv begins with the program's name, as main's. With a folder, each batch, with its witness
 * behind it, and that as often with a flipped bit, is put into lists there (outcomes.h); their
 * names are SEED.N, or SEED.below.N of an L3's, and N is 0 of the batch itself. */
int files_main(int argc, char **argv);

#endif
