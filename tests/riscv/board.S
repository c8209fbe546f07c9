# A guest's machine on qemu's "virt" board: what stands below the program in machine mode. It starts the
# program, which lies in memory already, in user mode, and answers its calls (docs/riscv.md) as a machine
# without accelerators: output goes to the serial port, the end to the board's test device.
#
# Linked above the machine's memory, with "entry" as the program's.

    .equ UART, 0x10000000           # 16550: a byte stored is a byte sent
    .equ FINISHER, 0x100000         # sifive_test: 0x5555 is success, 0x3333 and a code failure
    .equ FAILED, 0x3333
    .equ PASSED, 0x5555
    .equ STATUS_TRAPPED, 255
    .equ CAUSE_CALL, 8              # from user mode

    .section .text
    .globl _start
_start:
    la      t0, trap
    csrw    mtvec, t0
    la      t0, saved
    csrw    mscratch, t0
    li      t0, 0x20ffffff          # user mode has the machine's 128 MiB and nothing else
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    li      t0, 0x1800              # mstatus.MPP = user
    csrc    mstatus, t0
    ld      t0, begin
    csrw    mepc, t0
    .irp    r, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19
    li      \r, 0
    .endr
    .irp    r, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30, x31
    li      \r, 0
    .endr
    mret

    .balign 4
trap:
    csrrw   sp, mscratch, sp
    sd      t0, 0(sp)
    sd      t1, 8(sp)
    sd      t2, 16(sp)
    csrr    t0, mcause
    li      t1, CAUSE_CALL
    li      t2, STATUS_TRAPPED
    bne     t0, t1, finish
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
    li      t1, 64
    beq     a7, t1, write
    li      t1, 93
    mv      t2, a0
    beq     a7, t1, finish
    li      a0, -38
back:
    ld      t0, 0(sp)
    ld      t1, 8(sp)
    ld      t2, 16(sp)
    csrrw   sp, mscratch, sp
    mret

write:
    li      t1, 1
    beq     a0, t1, 1f
    li      a0, -9
    j       back
1:  li      t0, UART
    mv      a0, a2
    add     a2, a1, a2              # the end; restored below
    mv      t2, a1
2:  beq     t2, a2, 3f
    lbu     t1, 0(t2)
    sb      t1, 0(t0)
    addi    t2, t2, 1
    j       2b
3:  mv      a2, a0
    j       back

# t2: the status.
finish:
    li      t0, FINISHER
    li      t1, PASSED
    beqz    t2, 1f
    slli    t2, t2, 16
    li      t1, FAILED
    or      t1, t1, t2
1:  sw      t1, 0(t0)
    j       1b

    .balign 8
begin:
    .dword  entry

    .section .bss
    .balign 8
saved:
    .zero   24
