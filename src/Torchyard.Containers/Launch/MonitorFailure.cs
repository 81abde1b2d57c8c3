using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Launch;

/// <summary>
/// A failure on its way from a monitor to the command that started it: code, message, cure and the runtime's own words, tabs between.
/// </summary>
internal static class MonitorFailure
{
    /// <summary>As one line.</summary>
    public static string Write(TorchyardException failure) =>
        $"{failure.Code}\t{Flat(failure.Message)}\t{Flat(failure.Cure)}\t"
        + $"{Flat((failure.InnerException as RuntimeException)?.Message ?? "")}";

    /// <summary>From its parts; null when they are none.</summary>
    public static TorchyardException? TryRead(IReadOnlyList<string> parts) =>
        parts is [var code, var message, var cure, var said]
            ? new TorchyardException(code, message, cure, said.Length > 0 ? new RuntimeException(said) : null)
            : null;

    private static string Flat(string text) => text.Replace('\t', ' ').ReplaceLineEndings(" ");
}
