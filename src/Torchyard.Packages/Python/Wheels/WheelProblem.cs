using Torchyard.Platform;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>The errors of reading wheels, so that each has one wording and one code.</summary>
internal static class WheelProblem
{
    /// <summary>TY2501: the file cannot be trusted or used.</summary>
    public static TorchyardException Damaged(string file, string why, Exception? inner = null) => new(
        "TY2501",
        $"{file}: {why}",
        "Nothing of it was installed. Fetch the wheel again from its publisher; if it stays so, report it there or choose another version",
        inner);

    /// <summary>TY2502: the file is whole, but asks for something that this version cannot do or will not allow.</summary>
    public static TorchyardException Unsupported(string file, string why) => new(
        "TY2502",
        $"{file}: {why}",
        "Choose another version of the distribution, or report the wheel to its publisher");
}
