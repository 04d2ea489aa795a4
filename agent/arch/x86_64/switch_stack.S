// void pyfault_run_on_stack(function [rdi], argument [rsi], top [rdx], resume [rcx])
//
// All callee-saved registers are on the old stack, so abandoning restores them. See switch_stack.h.

        .text
        .globl  pyfault_run_on_stack
        .hidden pyfault_run_on_stack
        .globl  pyfault_run_on_stack_abandoned
        .hidden pyfault_run_on_stack_abandoned
        .type   pyfault_run_on_stack, @function
        .p2align 4
pyfault_run_on_stack:
        endbr64
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rcx)
        movq    %rsp, %rbp
        andq    $-16, %rdx
        movq    %rdx, %rsp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
        movq    %rbp, %rsp
pyfault_run_on_stack_abandoned:
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
        .size   pyfault_run_on_stack, . - pyfault_run_on_stack

// Debuggers and unwinders recognise a signal frame by exactly these bytes:
// mov $SYS_rt_sigreturn, %rax; syscall.
        .globl  pyfault_signal_restorer
        .hidden pyfault_signal_restorer
        .type   pyfault_signal_restorer, @function
        .p2align 4
        nop
pyfault_signal_restorer:
        movq    $15, %rax
        syscall
        .size   pyfault_signal_restorer, . - pyfault_signal_restorer
        .section .note.GNU-stack, "", @progbits
