// Native AOT keeps the program's metadata packed in its file and unpacks it into zeroed memory (.bss, 9 MB) at every start, before any of the
// program's own code can run ("dehydrated data", StartupCodeHelpers.RehydrateData). In pages of 4 KiB that is 2,200 faults, a third of the time
// of 'torchyard --version' in a virtual machine; in huge pages it is five. The runtime does not ask for them, and kernels that give them only to
// who asks (transparent_hugepage=madvise, Ubuntu's default) never would. Hence this constructor, which the loader runs before the runtime.
// A kernel that cannot do it answers with an error, and nothing else changes.

#define _GNU_SOURCE

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <sys/mman.h>

enum { huge = 2 << 20 };

static int advise(struct dl_phdr_info *program, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < program->dlpi_phnum; i++)
    {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        if (part->p_type != PT_LOAD)
            continue;

        ElfW(Addr) begin = program->dlpi_addr + part->p_vaddr + part->p_filesz;
        ElfW(Addr) end = program->dlpi_addr + part->p_vaddr + part->p_memsz;
        begin = (begin + huge - 1) & ~(ElfW(Addr))(huge - 1);
        end &= ~(ElfW(Addr))(huge - 1);
        if (begin < end)
            (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    }

    // The program itself comes first; libraries keep what they have.
    return 1;
}

__attribute__((constructor)) static void ask_for_huge_pages(void)
{
    (void)dl_iterate_phdr(advise, NULL);
}
