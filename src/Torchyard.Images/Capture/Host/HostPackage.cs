using System.Globalization;
using Torchyard.Images.Debian.Packages;

namespace Torchyard.Images.Capture.Host;

/// <summary>A package that dpkg says is installed.</summary>
/// <param name="Control">Its paragraph of the status file.</param>
/// <param name="InfoName">Name of its files in <c>info/</c>: the package, with <c>:ARCH</c> behind it for those that may be there
/// twice.</param>
/// <param name="Paragraph">The same as it is written.</param>
internal sealed record HostPackage(ControlParagraph Control, string InfoName, string Paragraph)
{
    public string Name => Control["Package"] ?? "";

    public string Version => Control["Version"] ?? "";

    public string Architecture => Control["Architecture"] ?? "";

    /// <summary>Source package, which layers group by.</summary>
    public string Source => (Control["Source"] ?? Name).Split(' ')[0];

    /// <summary>Version of the source package; null when it is that of the binary package.</summary>
    public string? SourceVersion => (Control["Source"] ?? "").Split(' ', 2) is [_, var version] ? version.Trim('(', ')', ' ') : null;

    /// <summary>Installed-Size in bytes.</summary>
    public long InstalledSize =>
        long.TryParse(Control["Installed-Size"], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size << 10 : 0;

    public bool Essential => string.Equals(Control["Essential"], "yes", StringComparison.OrdinalIgnoreCase);

    public bool Required => string.Equals(Control["Priority"], "required", StringComparison.OrdinalIgnoreCase);

    public bool Equals(HostPackage? other) => other is not null && InfoName == other.InfoName;

    public override int GetHashCode() => InfoName.GetHashCode(StringComparison.Ordinal);
}
