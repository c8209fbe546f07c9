/* memcpy, memmove and memset (C17 7.24.2, 7.24.6.1): a sixth of what a batch costs, and so by hand.
 *
 * Words where both sides are aligned to one another, else words put together from two, which reads whole
 * words that from only begins or ends in; never a misaligned access, which is costly to prove. Up to 15 bytes
 * go up a ladder of two instructions a byte, entered at the rung that is as far from its end. */
    .option norelax
    .text

/* Jumps into the ladder that ends at \end: \size rungs before it, of 1 << \log bytes each. */
    .macro  climb end, size, log, a, b
    slli    \a, \size, \log
    lla     \b, \end
    sub     \b, \b, \a
    jr      \b
    .endm

/* Rungs that copy the bytes so far before a1 to before a3, the first one first. */
    .macro  ladder_up rungs:vararg
    .irp    n, \rungs
    lbu     t0, -\n(a1)
    sb      t0, -\n(a3)
    .endr
    .endm

/* The bytes so far behind them, the last one first. */
    .macro  ladder_down rungs:vararg
    .irp    n, \rungs
    lbu     t0, \n(a1)
    sb      t0, \n(a3)
    .endr
    .endm

/* Copies four words at a time from a1 to a3, which move on, as far as a2 bytes go. a4: how many are left,
 * less 32. */
    .macro  copy_words
    addi    a4, a2, -32
    bltz    a4, 2f
1:  ld      t0, 0(a1)
    ld      t1, 8(a1)
    ld      t2, 16(a1)
    ld      t3, 24(a1)
    sd      t0, 0(a3)
    sd      t1, 8(a3)
    sd      t2, 16(a3)
    sd      t3, 24(a3)
    addi    a4, a4, -32
    addi    a1, a1, 32
    addi    a3, a3, 32
    bgez    a4, 1b
2:
    .endm

/* Stores a word at a3 of which \word has one part; the other comes out of \next, shifted to its place. */
    .macro  put word, next, shift, by, at
    \shift  a6, \next, \by
    or      \word, \word, a6
    sd      \word, \at(a3)
    .endm

/* --- copies from the lower end up ----------------------------------------------------------------------------
 * a0: to, which is the answer; a1: from; a2: size. a3: where to is. */
    .globl  memcpy
    .type   memcpy, @function
memcpy:
    or      t0, a0, a1
    or      t0, t0, a2
    andi    t0, t0, 7
    mv      a3, a0
    bnez    t0, .Lup
/* Both aligned, whole words. */
    copy_words
    addi    a4, a4, 32
    bnez    a4, 3f
    ret
3:  ld      t0, 0(a1)
    addi    a4, a4, -8
    addi    a1, a1, 8
    sd      t0, 0(a3)
    addi    a3, a3, 8
    bnez    a4, 3b
    ret
.Lup_from_memmove:
    mv      a3, a0
.Lup:
    li      t0, 16
    bltu    a2, t0, .Lfew_up
    neg     t0, a3
    andi    t0, t0, 7
    beqz    t0, .Lup_aligned
    add     a3, a3, t0
    add     a1, a1, t0
    sub     a2, a2, t0
    climb   .Lup_aligned, t0, 3, t1, t2
    ladder_up 7, 6, 5, 4, 3, 2, 1
.Lup_aligned:
    andi    t0, a1, 7
    bnez    t0, .Lup_shifted
    copy_words
    addi    a2, a4, 32
    li      t1, 8
    bltu    a2, t1, .Lfew_up
3:  ld      t0, 0(a1)
    addi    a2, a2, -8
    addi    a1, a1, 8
    sd      t0, 0(a3)
    addi    a3, a3, 8
    bgeu    a2, t1, 3b
    j       .Lfew_up
/* t0, t1: by how many bits a word of from goes down and up; a shift looks at the lower 6 bits only. t2: what is
 * left of the word before. */
.Lup_shifted:
    slli    t0, t0, 3
    neg     t1, t0
    andi    a5, a1, -8
    ld      t2, 0(a5)
    addi    a4, a2, -32
    srl     t2, t2, t0
    bltz    a4, 2f
1:  ld      t3, 8(a5)
    ld      t4, 16(a5)
    ld      t5, 24(a5)
    ld      t6, 32(a5)
    put     t2, t3, sll, t1, 0
    srl     t3, t3, t0
    put     t3, t4, sll, t1, 8
    srl     t4, t4, t0
    put     t4, t5, sll, t1, 16
    srl     t5, t5, t0
    put     t5, t6, sll, t1, 24
    srl     t2, t6, t0
    addi    a4, a4, -32
    addi    a5, a5, 32
    addi    a3, a3, 32
    bgez    a4, 1b
2:  addi    a2, a4, 32
    li      t5, 8
    bltu    a2, t5, 4f
3:  ld      t3, 8(a5)
    addi    a2, a2, -8
    addi    a5, a5, 8
    put     t2, t3, sll, t1, 0
    srl     t2, t3, t0
    addi    a3, a3, 8
    bgeu    a2, t5, 3b
4:  srli    t0, t0, 3
    add     a1, a5, t0
.Lfew_up:
    beqz    a2, 1f
    add     a1, a1, a2
    add     a3, a3, a2
    climb   1f, a2, 3, t1, t2
    ladder_up 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1
1:  ret
    .size   memcpy, . - memcpy

/* --- from the upper end down, if to lies in what is copied ---------------------------------------------------
 * a3, a1: the ends. */
    .globl  memmove
    .type   memmove, @function
memmove:
    sub     t0, a0, a1
    bgeu    t0, a2, .Lup_from_memmove
    add     a3, a0, a2
    add     a1, a1, a2
    li      t0, 16
    bltu    a2, t0, .Lfew_down
    andi    t0, a3, 7
    beqz    t0, .Ldown_aligned
    sub     a3, a3, t0
    sub     a1, a1, t0
    sub     a2, a2, t0
    climb   .Ldown_aligned, t0, 3, t1, t2
    ladder_down 6, 5, 4, 3, 2, 1, 0
.Ldown_aligned:
    andi    t0, a1, 7
    bnez    t0, .Ldown_shifted
    li      t1, 8
1:  ld      t0, -8(a1)
    addi    a2, a2, -8
    addi    a1, a1, -8
    sd      t0, -8(a3)
    addi    a3, a3, -8
    bgeu    a2, t1, 1b
    j       .Lfew_down
.Ldown_shifted:
    slli    t0, t0, 3
    neg     t1, t0
    andi    a5, a1, -8
    ld      t2, 0(a5)
    addi    a4, a2, -32
    sll     t2, t2, t1
    bltz    a4, 2f
1:  ld      t3, -8(a5)
    ld      t4, -16(a5)
    ld      t5, -24(a5)
    ld      t6, -32(a5)
    put     t2, t3, srl, t0, -8
    sll     t3, t3, t1
    put     t3, t4, srl, t0, -16
    sll     t4, t4, t1
    put     t4, t5, srl, t0, -24
    sll     t5, t5, t1
    put     t5, t6, srl, t0, -32
    sll     t2, t6, t1
    addi    a4, a4, -32
    addi    a5, a5, -32
    addi    a3, a3, -32
    bgez    a4, 1b
2:  addi    a2, a4, 32
    li      t5, 8
    bltu    a2, t5, 4f
3:  ld      t3, -8(a5)
    addi    a2, a2, -8
    addi    a5, a5, -8
    put     t2, t3, srl, t0, -8
    sll     t2, t3, t1
    addi    a3, a3, -8
    bgeu    a2, t5, 3b
4:  srli    t0, t0, 3
    add     a1, a5, t0
.Lfew_down:
    beqz    a2, 1f
    sub     a1, a1, a2
    sub     a3, a3, a2
    climb   1f, a2, 3, t1, t2
    ladder_down 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
1:  ret
    .size   memmove, . - memmove

/* --- fills ---------------------------------------------------------------------------------------------------
 * a0: to, which is the answer; a1: the byte; a2: size. a3: where to is; behind it, once it is moved. */
    .globl  memset
    .type   memset, @function
memset:
    mv      a3, a0
    li      t0, 16
    bltu    a2, t0, .Lfew_set
    andi    a1, a1, 255
    beqz    a1, 1f
    slli    t0, a1, 8
    or      a1, a1, t0
    slli    t0, a1, 16
    or      a1, a1, t0
    slli    t0, a1, 32
    or      a1, a1, t0
1:  neg     t0, a3
    andi    t0, t0, 7
    beqz    t0, .Lset_aligned
    add     a3, a3, t0
    sub     a2, a2, t0
    climb   .Lset_aligned, t0, 2, t1, t2
    .irp    n, 7, 6, 5, 4, 3, 2, 1
    sb      a1, -\n(a3)
    .endr
.Lset_aligned:
    addi    a4, a2, -64
    bltz    a4, 2f
1:  .irp    n, 0, 8, 16, 24, 32, 40, 48, 56
    sd      a1, \n(a3)
    .endr
    addi    a4, a4, -64
    addi    a3, a3, 64
    bgez    a4, 1b
2:  andi    t0, a4, 56
    andi    a2, a4, 7
    add     a3, a3, t0
    srli    t0, t0, 3
    climb   .Lfew_set, t0, 2, t1, t2
    .irp    n, 56, 48, 40, 32, 24, 16, 8
    sd      a1, -\n(a3)
    .endr
.Lfew_set:
    beqz    a2, 1f
    add     a3, a3, a2
    climb   1f, a2, 2, t1, t2
    .irp    n, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1
    sb      a1, -\n(a3)
    .endr
1:  ret
    .size   memset, . - memset
