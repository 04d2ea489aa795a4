// bool pyfault_guarded_copy(void* to [rdi], const void* from [rsi], size_t size [rdx])
//
// A leaf that pushes nothing: wherever it faults, the return address is on top of the stack, so the
// handler can resume at the fixup as if the call had returned false. See guarded_copy.h.

        .text
        .globl  pyfault_guarded_copy
        .hidden pyfault_guarded_copy
        .globl  pyfault_guarded_copy_end
        .hidden pyfault_guarded_copy_end
        .type   pyfault_guarded_copy, @function
        .p2align 4
pyfault_guarded_copy:
        .cfi_startproc
        endbr64
        movq    %rdx, %rcx
        shrq    $4, %rcx
        jz      2f
1:      movups  (%rsi), %xmm0
        movups  %xmm0, (%rdi)
        addq    $16, %rsi
        addq    $16, %rdi
        decq    %rcx
        jnz     1b
2:      testb   $8, %dl
        jz      3f
        movq    (%rsi), %rax
        movq    %rax, (%rdi)
        addq    $8, %rsi
        addq    $8, %rdi
3:      andl    $7, %edx
        jz      5f
4:      movb    (%rsi), %al
        movb    %al, (%rdi)
        incq    %rsi
        incq    %rdi
        decl    %edx
        jnz     4b
5:      movl    $1, %eax
        ret
pyfault_guarded_copy_end:
        .globl  pyfault_guarded_copy_failed
        .hidden pyfault_guarded_copy_failed
pyfault_guarded_copy_failed:
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   pyfault_guarded_copy, . - pyfault_guarded_copy
        .section .note.GNU-stack, "", @progbits
