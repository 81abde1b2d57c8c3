using Torchyard.Platform.Errors;

namespace Torchyard.Trimming.Errors;

/// <summary>The failures that trimming expects; each has a row in docs/errors/trimming.md.</summary>
public static class TrimErrors
{
    /// <summary>A file that says it is 64-bit ELF and whose headers contradict each other.</summary>
    public const string BadElf = "TY3080";

    /// <summary>A name that is no GPU architecture.</summary>
    public const string BadArchitecture = "TY3081";

    /// <summary>A file that changed while it was read.</summary>
    public const string Changed = "TY3082";

    /// <summary>A file without device code that was named by itself.</summary>
    public const string NoDeviceCode = "TY3083";

    internal static TorchyardException Elf(string file, string what) =>
        new(
            BadElf,
            $"{file} is damaged, or not an ELF file as linkers write them: {what}",
            "install the package that the file is from again, then trim"
        );

    internal static TorchyardException Architecture(string name) =>
        new(BadArchitecture, $"'{name}' is not a GPU architecture", "write it as sm_80, sm_90 or sm_90a") { IsUsage = true };

    internal static TorchyardException ChangedMeanwhile(string file) =>
        new(Changed, $"{file} changed while it was trimmed, and was left as it is", "stop what writes to it, then trim again");
}
