/* For the libraries that are compiled into the guest (guest/libc.c). */
#ifndef GUEST_LIBC_STRING_H
#define GUEST_LIBC_STRING_H
#include "core/mem.h"
#endif
