using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Steps;

/// <summary>
/// Takes out of what a command changed whatever is taken out of configured packages, too; and says what somebody may have wanted to keep.
/// </summary>
internal static class StepCleanup
{
    // Made for each container, or once for a project.
    private static readonly string[] OfTheMachine = ["etc/machine-id", "etc/hostname", "etc/hosts", "etc/resolv.conf"];

    /// <summary>Cleans.</summary>
    /// <param name="upper">What the command changed; nothing runs in it any more.</param>
    /// <param name="title">The step, for people.</param>
    /// <param name="epoch">The moment that counts for all.</param>
    /// <returns>What was taken out or must be known, one line each.</returns>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3026: it left what no layer has.</exception>
    internal static IReadOnlyList<string> Clean(UpperDirectory upper, string title, long epoch)
    {
        List<string> told =
        [
            .. OfTheMachine
                .Where(path => upper.Names(ArchivePath.Parent(path)).Contains(ArchivePath.Name(path), StringComparer.Ordinal))
                .Select(path => $"taken out of the image: /{path}, which the step '{title}' wrote; each container gets its own"),
        ];
        told.AddRange(RootCleanup.Clean(upper, epoch, path => $"the step '{title}' made or changed while the image was built"));
        using (var changes = ConfinedDirectory.Open(upper.Path))
        {
            Look(upper, changes, "", title, told);
        }

        // Last: what was emptied above may be as it is below.
        upper.RemoveBytecode();
        return told;
    }

    private static void Look(UpperDirectory upper, ConfinedDirectory changes, string directory, string title, List<string> told)
    {
        foreach (var name in changes.List(directory).Order(StringComparer.Ordinal))
        {
            var path = directory.Length == 0 ? name : $"{directory}/{name}";
            if (changes.Status(path) is not { IsWhiteout: false } facts)
            {
                continue;
            }

            if (name.StartsWith(OverlayTree.WhiteoutPrefix, StringComparison.Ordinal))
            {
                throw ImageErrors.StepLeft(title, path, "a name that means the removal of a file in layers of images");
            }

            if (facts.IsDirectory)
            {
                Look(upper, changes, path, title, told);
            }
            else if (!facts.IsRegular && !facts.IsLink)
            {
                upper.Forget(path);
                told.Add($"taken out of the image: /{path}, {facts.Description} that the step '{title}' made");
            }
            else if (facts.IsRegular && (facts.Permissions & FileModes.SetIds) != 0 && !upper.HadSetIds(path))
            {
                told.Add(
                    $"/{path} of the image gives who starts it the rights of its owner or group (set-id), by the step '{title}'; "
                        + "engines that allow new privileges obey it"
                );
            }
        }
    }
}
