using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>The errors of reading wheels, so that each has one wording and one code.</summary>
internal static class WheelProblem
{
    /// <summary>TY2501: the file cannot be trusted or used.</summary>
    public static TorchyardException Damaged(string file, string why, Exception? inner = null) =>
        new(
            PackageCodes.BadWheel,
            $"{file}: {why}",
            "nothing of it was installed. Fetch the wheel again from its publisher; if it "
                + "stays so, report it there or choose another version",
            inner
        );

    /// <summary>TY2502: the file is whole, but asks for something that this version cannot do or will not allow.</summary>
    public static TorchyardException Unsupported(string file, string why) =>
        new(
            PackageCodes.RefusedWheel,
            $"{file}: {why}",
            "choose another version of the distribution, or report the wheel to its publisher"
        );
}
