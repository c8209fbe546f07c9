/* node/version.h: the version that --version, web3_clientVersion and the banner name. */
#ifndef NODE_VERSION_H
#define NODE_VERSION_H

#define LOCKSTEP_VERSION "0.1.0"

#endif
