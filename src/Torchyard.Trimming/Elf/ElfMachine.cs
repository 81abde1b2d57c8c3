namespace Torchyard.Trimming.Elf;

/// <summary>Values of e_machine for which there are CUDA libraries.</summary>
internal static class ElfMachine
{
    public const ushort X64 = 62;
    public const ushort Arm64 = 183;

    /// <summary>The largest page of such machines; every split of a segment lies on its multiple.</summary>
    public static long PageBytes(ushort machine) => machine == X64 ? 4096 : 65536;
}
