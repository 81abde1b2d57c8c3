namespace Torchyard.Images.Capture.Host;

/// <summary>What os-release says about a system (os-release(5)).</summary>
/// <param name="Id">Lower case, e.g. <c>debian</c>; <c>linux</c> when there is none, as the page has it.</param>
/// <param name="CodeName">Of the release, e.g. <c>trixie</c>; null for none.</param>
/// <param name="Version">Number of the release, e.g. <c>13</c>; null for one that is not released.</param>
internal sealed record HostSystem(string Id, string? CodeName, string? Version = null)
{
    public static HostSystem Read(HostTree tree)
    {
        var lines = (tree.ReadText("/etc/os-release") ?? tree.ReadText("/usr/lib/os-release") ?? "").Split('\n');
        return new HostSystem(Value("ID") ?? "linux", Value("VERSION_CODENAME"), Value("VERSION_ID"));

        string? Value(string name) =>
            lines.FirstOrDefault(line => line.StartsWith(name + "=", StringComparison.Ordinal)) is { } line
            && line[(name.Length + 1)..].Trim('"', '\'', ' ', '\r') is { Length: > 0 } value
            && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-')
                ? value.ToLowerInvariant()
                : null;
    }
}
