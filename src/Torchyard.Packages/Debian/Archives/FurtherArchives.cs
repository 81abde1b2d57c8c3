using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Debian.Signing;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>
/// The archives of a recipe's <c>[[archives]]</c>. Each is verified with the keys of its own file and no others, and only its own address
/// counts.
/// </summary>
/// <param name="machine">The machine's apt settings: dates, proxies, logins.</param>
/// <param name="file">Gives the content of a file that the recipe names.</param>
/// <param name="expand">Replaces the variables in the login of a URL, and refuses those that its host may not have; null where nothing is
/// fetched.</param>
internal sealed class FurtherArchives(MachineApt machine, Func<string, byte[]> file, Func<string, string>? expand)
{
    /// <summary>The archives, in their order.</summary>
    /// <param name="archives">What the recipe says.</param>
    /// <param name="place">Where a value stands in the recipe's file.</param>
    /// <exception cref="TorchyardException">TY2070: a key file cannot be used; TY1042, TY2512: of a variable.</exception>
    public IReadOnlyList<DebianArchive> Of(IReadOnlyList<ArchiveSettings> archives, Func<string, SourceLocation?> place) =>
        [.. archives.Select((archive, i) => Make(archive, key => place($"archives[{i}].{key}")))];

    /// <summary>The root of an archive. A login in its URL is told to those who fetch, and is not in the address.</summary>
    public Uri RootOf(ArchiveSettings archive)
    {
        var text = (expand?.Invoke(archive.Url) ?? archive.PublicUrl).TrimEnd('/') + "/";
        return UrlText.TryRead(text, out var url)
            ? machine.Credentials.Take(url)
            : throw new TorchyardException(
                "TY2012",
                $"the archive '{archive.PublicUrl}' cannot be used",
                "write http://, https:// or file:/ and the archive's root, e.g. https://apt.example.com/debian"
            )
            {
                IsUsage = true,
            };
    }

    private DebianArchive Make(ArchiveSettings archive, Func<string, SourceLocation?> place)
    {
        var (keys, digest) = Keys(archive, place);
        return new DebianArchive
        {
            Id = archive.Id,
            CanonicalUri = archive.PublicUrl,
            Suite = archive.Suite,
            Components = archive.Components,
            Mirrors = [RootOf(archive)],
            Keys = keys,
            CheckDate = machine.Configuration.Switch("Acquire::Check-Date", true),
            CheckValidUntil = machine.Configuration.Switch("Acquire::Check-Valid-Until", true),
            Further = new FurtherArchive(archive, digest, place),
        };
    }

    private (TrustedKeys Keys, Digest Digest) Keys(ArchiveSettings archive, Func<string, SourceLocation?> place)
    {
        try
        {
            var content = file(archive.Key);
            var keys = new TrustedKeys { File = archive.Key, Place = place("key") };
            keys.AddBytes(content, archive.Key);
            return keys.All.Any()
                ? (keys, Digest.Of(content))
                : throw new IOException("none of its keys may sign, or their own signatures are wrong");
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or TorchyardException { Code: PackageCodes.UnusableKeyring })
        {
            throw new TorchyardException(
                "TY2070",
                $"the key {archive.Key} of the archive {archive.Id} cannot be used: {failure.Message.TrimEnd('.')}",
                "name a file with the archive's OpenPGP public key, binary (.gpg) or armoured (.asc), as those who run the archive give it",
                failure
            )
            {
                IsUsage = true,
                Location = place("key"),
            };
        }
    }
}
