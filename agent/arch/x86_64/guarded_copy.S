// bool pyfault_guarded_copy(void* to [rdi], const void* from [rsi], size_t size [rdx])
//
// If the size is not a multiple of a block, the last block overlaps the one before it, so some
// bytes are copied twice. An aligned read of 4 or 8 bytes sees the value of one moment.
//
// This is a leaf function that pushes nothing: wherever it faults, the return address is on top of
// the stack, so the handler can resume at the fixup as if the call had returned false. See
// guarded_copy.h.

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
        cmpq    $32, %rdx
        jb      1f
        leaq    -32(%rsi,%rdx), %rsi
        leaq    -32(%rdi,%rdx), %rdi
        movl    $32, %ecx
        subq    %rdx, %rcx
        movups  (%rsi), %xmm2
        movups  16(%rsi), %xmm3
0:      movups  (%rsi,%rcx), %xmm0
        movups  16(%rsi,%rcx), %xmm1
        movups  %xmm0, (%rdi,%rcx)
        movups  %xmm1, 16(%rdi,%rcx)
        addq    $32, %rcx
        jl      0b
        movups  %xmm2, (%rdi)
        movups  %xmm3, 16(%rdi)
        movl    $1, %eax
        ret
1:      cmpl    $16, %edx
        jb      2f
        movups  (%rsi), %xmm0
        movups  -16(%rsi,%rdx), %xmm1
        movups  %xmm0, (%rdi)
        movups  %xmm1, -16(%rdi,%rdx)
        movl    $1, %eax
        ret
2:      cmpl    $8, %edx
        jb      3f
        movq    (%rsi), %rax
        movq    -8(%rsi,%rdx), %rcx
        movq    %rax, (%rdi)
        movq    %rcx, -8(%rdi,%rdx)
        movl    $1, %eax
        ret
3:      cmpl    $4, %edx
        jb      4f
        movl    (%rsi), %eax
        movl    -4(%rsi,%rdx), %ecx
        movl    %eax, (%rdi)
        movl    %ecx, -4(%rdi,%rdx)
        movl    $1, %eax
        ret
4:      testl   %edx, %edx
        jz      5f
        movzbl  -1(%rsi,%rdx), %ecx
        movzbl  (%rsi), %eax
        movb    %al, (%rdi)
        movb    %cl, -1(%rdi,%rdx)
        shrl    $1, %edx
        movzbl  (%rsi,%rdx), %eax
        movb    %al, (%rdi,%rdx)
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
