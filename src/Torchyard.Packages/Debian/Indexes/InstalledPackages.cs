using System.Text;
using Torchyard.Packages.Debian.Control;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>The packages of an image that others are added to, out of dpkg's <c>status</c> (dpkg(1), "FILES").</summary>
public sealed class InstalledPackages
{
    private readonly byte[] _index;

    private InstalledPackages(byte[] index, IReadOnlyList<string> names)
    {
        _index = index;
        Names = names;
    }

    /// <summary>Their names, in the order of the file.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>
    /// Reads them. What they need themselves is left out: whoever made the image had it work without, and nothing is added for that.
    /// </summary>
    /// <param name="status">The file.</param>
    /// <param name="architecture">Debian architecture of the image; packages of another one are passed over.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2002: it breaks the syntax.</exception>
    public static InstalledPackages Read(ReadOnlySpan<byte> status, string architecture)
    {
        var text = new MemoryStream();
        var names = new List<string>();
        var stanza = new MemoryStream();
        var reader = new ControlReader(status);
        while (reader.NextStanza())
        {
            stanza.SetLength(0);
            string? name = null;
            var (isInstalled, isOwn) = (false, false);
            while (reader.NextField())
            {
                if (reader.Is("Status"u8))
                {
                    isInstalled = reader.Value.EndsWith(" ok installed"u8);
                    continue;
                }

                if (reader.Is("Architecture"u8))
                {
                    var own = Encoding.UTF8.GetString(reader.Value);
                    isOwn = own == architecture || own == "all";
                }
                else if (reader.Is("Package"u8))
                {
                    name = Encoding.UTF8.GetString(reader.Value);
                }
                else if (!IsKept(reader))
                {
                    continue;
                }

                stanza.Write(reader.Name);
                stanza.Write(": "u8);
                stanza.Write(reader.Value);
                stanza.Write("\n"u8);
            }

            if (isInstalled && isOwn && name is not null)
            {
                names.Add(name);
                stanza.WriteTo(text);
                text.Write("\n"u8);
            }
        }

        return new InstalledPackages(text.ToArray(), names);
    }

    /// <summary>They as an index.</summary>
    internal PackageIndex ToIndex() => new(null, _index) { IsInstalled = true };

    private static bool IsKept(in ControlReader reader) =>
        reader.Is("Version"u8) || reader.Is("Multi-Arch"u8) || reader.Is("Provides"u8) || reader.Is("Conflicts"u8) || reader.Is("Breaks"u8);
}
