# A guest's machine on qemu's "virt" board: what stands below the program in machine mode. It starts the
# program, which lies in memory already, in user mode, and answers its calls (docs/riscv.md) as a machine
# without accelerators; once for each input of a list. What became of each goes to the serial port, in words
# of 8 bytes: EXITED and the status or TRAPPED and 0, the size of the output, the output, zeros to the next word.
# Then the board's test device ends it.
#
# Linked above the machine's memory, with these symbols:
#   entry             the program's
#   writable          where its memory begins that may be written
#   filled            and where that part of it ends that the ELF file fills
#   inputs            where the list lies: how many, and of each its size, itself, zeros to the next word

    .equ UART, 0x10000000           # 16550: a byte stored is a byte sent
    .equ FINISHER, 0x100000         # sifive_test: 0x5555 is success
    .equ PASSED, 0x5555
    .equ EXITED, 1
    .equ TRAPPED, 2
    .equ CAUSE_CALL, 8              # from user mode
    .equ RAM_BASE, 0x80000000
    .equ INPUT_BASE, 0x86000000
    .equ MEMORY_END, 0x88000000
    .equ OUTPUT_MAX, 4096

    # What is remembered, behind four of the program's registers.
    .equ STATE_INPUT, 32            # the next one
    .equ STATE_LEFT, 40             # how many there are
    .equ STATE_SIZE, 48             # of the output
    .equ STATE_DIRTY, 56            # where the last input ends

# Constants of 64 bits are loaded, not made of steps.
    .macro  const register, value
    .section .rodata
    .balign 8
.Lconst\@:
    .dword  \value
    .section .text
    lla     \register, .Lconst\@
    ld      \register, 0(\register)
    .endm

# Copies words from \from to \to up to \end; \from and \to move on.
    .macro  copy to, from, end
.Lcopy\@:
    bgeu    \to, \end, .Lcopied\@
    ld      t0, 0(\from)
    sd      t0, 0(\to)
    addi    \from, \from, 8
    addi    \to, \to, 8
    j       .Lcopy\@
.Lcopied\@:
    .endm

# Zeros from \to to \end, which are multiples of 8; \to moves on.
    .macro  clear to, end
.Lclear\@:
    addi    t0, \to, 64
    bgtu    t0, \end, .Lend\@
    .irp    at, 0, 8, 16, 24, 32, 40, 48, 56
    sd      zero, \at(\to)
    .endr
    mv      \to, t0
    j       .Lclear\@
.Lend\@:
    bgeu    \to, \end, .Lcleared\@
    sd      zero, 0(\to)
    addi    \to, \to, 8
    j       .Lend\@
.Lcleared\@:
    .endm

    .section .text
    .globl _start
_start:
    lla     t0, trap
    csrw    mtvec, t0
    # User mode has the machine's memory as it has it: code and constants, what may be written, the input.
    const   t0, RAM_BASE >> 2
    csrw    pmpaddr0, t0
    const   t0, writable
    srli    t0, t0, 2
    csrw    pmpaddr1, t0
    const   t0, INPUT_BASE >> 2
    csrw    pmpaddr2, t0
    const   t0, MEMORY_END >> 2
    csrw    pmpaddr3, t0
    li      t0, 0x090b0d00          # each up to its address: none, RX, RW, R
    csrw    pmpcfg0, t0
    # What the program finds there at first is kept.
    const   s0, writable
    const   s1, filled
    lla     s2, kept
    sub     s1, s1, s0
    add     s1, s1, s2
    copy    s2, s0, s1
    const   s0, inputs
    ld      s1, 0(s0)
    addi    s0, s0, 8
    lla     t0, state
    sd      s0, STATE_INPUT(t0)
    sd      s1, STATE_LEFT(t0)
    const   s0, INPUT_BASE
    sd      s0, STATE_DIRTY(t0)

next:
    lla     s11, state
    ld      t0, STATE_LEFT(s11)
    bnez    t0, 1f
    const   t0, FINISHER
    li      t1, PASSED
    sw      t1, 0(t0)
    j       .
1:  addi    t0, t0, -1
    sd      t0, STATE_LEFT(s11)
    sd      zero, STATE_SIZE(s11)
    # Memory as at first.
    const   s0, writable
    const   s1, filled
    lla     s2, kept
    copy    s0, s2, s1
    const   s1, INPUT_BASE
    clear   s0, s1
    # The input with its size, and zeros where the last one was longer.
    ld      s0, STATE_INPUT(s11)
    ld      s2, 0(s0)
    addi    s2, s2, 15
    andi    s2, s2, -8
    add     s2, s2, s1
    copy    s1, s0, s2
    sd      s0, STATE_INPUT(s11)
    ld      s2, STATE_DIRTY(s11)
    sd      s1, STATE_DIRTY(s11)
    clear   s1, s2
    const   t0, entry
    csrw    mepc, t0
    li      t0, 0x1800              # mstatus.MPP = user
    csrc    mstatus, t0
    csrw    mscratch, s11
    .irp    r, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19
    li      \r, 0
    .endr
    .irp    r, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30, x31
    li      \r, 0
    .endr
    mret

# The program's registers stay as they are but for a0, if it goes on.
    .balign 4
trap:
    csrrw   sp, mscratch, sp
    .irp    r, 0, 1, 2, 3
    sd      t\r, \r * 8(sp)
    .endr
    csrr    t0, mcause
    li      t1, CAUSE_CALL
    bne     t0, t1, trapped
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    li      t1, 64
    beq     a7, t1, write
    li      t1, 93
    beq     a7, t1, exited
    li      a0, -38
back:
    .irp    r, 0, 1, 2, 3
    ld      t\r, \r * 8(sp)
    .endr
    csrrw   sp, mscratch, sp
    mret

write:
    li      t1, 1
    beq     a0, t1, 1f
    li      a0, -9
    j       back
1:  const   t0, RAM_BASE
    bltu    a1, t0, trapped
    const   t0, MEMORY_END
    bgtu    a1, t0, trapped
    sub     t0, t0, a1
    bgtu    a2, t0, trapped
    li      t0, OUTPUT_MAX
    ld      t1, STATE_SIZE(sp)
    sub     t0, t0, t1
    bgtu    a2, t0, trapped
    add     t0, t1, a2
    sd      t0, STATE_SIZE(sp)
    lla     t0, output
    add     t0, t0, t1
    mv      t1, a1
    add     t2, a1, a2
2:  bgeu    t1, t2, 3f
    lbu     t3, 0(t1)
    sb      t3, 0(t0)
    addi    t0, t0, 1
    addi    t1, t1, 1
    j       2b
3:  mv      a0, a2
    j       back

exited:
    mv      s1, a0
    li      s0, EXITED
    j       report
trapped:
    li      s1, 0
    li      s0, TRAPPED
report:
    lla     s11, state
    mv      a0, s0
    call    send
    mv      a0, s1
    call    send
    ld      s1, STATE_SIZE(s11)
    mv      a0, s1
    call    send
    lla     s0, output
    add     s1, s1, s0
    sd      zero, 0(s1)             # what fills it up
1:  bgeu    s0, s1, next
    ld      a0, 0(s0)
    call    send
    addi    s0, s0, 8
    j       1b

# The 8 bytes of a0, the lowest first.
send:
    const   t0, UART
    li      t1, 8
1:  sb      a0, 0(t0)
    srli    a0, a0, 8
    addi    t1, t1, -1
    bnez    t1, 1b
    ret

    .section .bss
    .balign 8
state:
    .zero   64
output:
    .zero   OUTPUT_MAX + 8
kept:                               # as far as it goes
