using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Debian.Signing;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>
/// Turns a recipe's base into the archive suites to read, in the order that decides ties: the suite, extra suites, security.
/// </summary>
internal static class ArchiveCatalogue
{
    /// <summary>The suites of a recipe.</summary>
    /// <param name="recipe">The recipe's base.</param>
    /// <param name="machine">The machine's apt settings.</param>
    /// <param name="notes">Gets what was left out, in words.</param>
    /// <param name="keyring">Gives the content of a keyring that the recipe names; null to read it from the disk.</param>
    public static IReadOnlyList<DebianArchive> Of(
        DebianBase recipe,
        MachineApt machine,
        ICollection<string> notes,
        Func<string, byte[]>? keyring = null
    )
    {
        var roots = new ArchiveRoots(recipe, machine);
        var archives = new List<DebianArchive>();
        foreach (var suite in new[] { recipe.Suite }.Concat(recipe.ExtraSuites).Distinct())
        {
            archives.Add(Make(suite, security: suite.EndsWith("-security", StringComparison.Ordinal)));
        }

        var hasSecurity = recipe.Suite is not ("sid" or "unstable" or "experimental" or "rc-buggy");
        if (recipe.Security && hasSecurity && archives.TrueForAll(archive => archive.Suite != recipe.Suite + "-security"))
        {
            archives.Add(Make(recipe.Suite + "-security", security: true));
        }

        return archives;

        DebianArchive Make(string suite, bool security)
        {
            if (suite.Length == 0 || suite.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')))
            {
                throw new TorchyardException("TY2013", $"'{suite}' is not a suite", "name a Debian suite in the recipe, e.g. trixie")
                {
                    IsUsage = true,
                };
            }

            var canonical = roots.Canonical(security);
            var sources = roots.SourcesOf(security).ToList();
            return new DebianArchive
            {
                Id = suite,
                CanonicalUri = canonical,
                Suite = suite,
                Components = recipe.Components,
                Mirrors = roots.MirrorsOf(canonical, notes),
                Keys = KeysFor(recipe, machine, sources, notes, keyring),
                IsSnapshot = recipe.Snapshot is not null,
                CheckDate =
                    machine.Configuration.Switch("Acquire::Check-Date", true) && sources.TrueForAll(source => source.CheckDate != false),
                CheckValidUntil =
                    recipe.Snapshot is null
                    && machine.Configuration.Switch("Acquire::Check-Valid-Until", true)
                    && sources.TrueForAll(source => source.CheckValidUntil != false),
            };
        }
    }

    private static TrustedKeys KeysFor(
        DebianBase recipe,
        MachineApt machine,
        List<AptSource> sources,
        ICollection<string> notes,
        Func<string, byte[]>? keyring
    )
    {
        var keys = TrustedKeys.BuiltIn();
        var fromMachine = sources.SelectMany(source => source.SignedBy).Where(path => path.StartsWith('/')).Select(machine.At);

        // Keys of other vendors in trusted.gpg.d count only where apt would count them: for a source without Signed-By.
        var all = sources.Exists(source => source.SignedBy.Count == 0 && source.SignedByKey is null);
        fromMachine = fromMachine.Concat(
            machine.Keyrings().Where(path => all || Path.GetFileName(path).StartsWith("debian-archive-", StringComparison.Ordinal))
        );
        foreach (var path in fromMachine.Distinct())
        {
            try
            {
                keys.AddFile(path);
            }
            catch (TorchyardException error)
            {
                notes.Add(error.Message);
            }
        }

        foreach (var source in sources.Where(source => source.SignedByKey is not null))
        {
            keys.AddText(source.SignedByKey!, source.File);
        }

        foreach (var path in recipe.Keyrings)
        {
            if (keyring is null)
            {
                keys.AddFile(path);
            }
            else
            {
                keys.AddBytes(keyring(path), path);
            }
        }

        return keys;
    }
}
