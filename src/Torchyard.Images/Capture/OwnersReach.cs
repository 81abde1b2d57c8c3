using System.Globalization;
using System.Text;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Request;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Images.Capture;

/// <summary>
/// What an environment takes from outside of its directory, its own files say: .pth files, links, the first lines of scripts. As root that
/// could be any file of the machine, which would then be in an image that everybody may read. So root takes from outside only what the
/// environment's owner may read too, or what --include names.
/// </summary>
/// <param name="plan">What is about to be captured.</param>
internal sealed class OwnersReach(CapturePlan plan)
{
    private readonly HostTree _tree = plan.Tree;
    private readonly Dictionary<string, bool> _entered = new(StringComparer.Ordinal);

    /// <summary>Refuses a plan that takes more.</summary>
    /// <exception cref="TorchyardException">TY3076.</exception>
    public async Task RequireAsync(CancellationToken cancellation)
    {
        if (UserCalls.EffectiveUser() != 0 || Owner() is not { } owner)
        {
            return;
        }

        var doubtful = plan
            .Layers.SelectMany(layer => layer.Entries)
            .Select(entry => entry.Source)
            .OfType<string>()
            .Where(source => !IsOfTheEnvironment(source) && !IsForEverybody(source))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (doubtful.Count > 0 && HostPackages.Read(_tree) is { } packages)
        {
            // What a package of the machine has that only root may read, such as a program that only root may start.
            doubtful.RemoveAll(source => packages.OwnersOf(source).Count > 0);
        }

        if (doubtful.Count > 0 && await UnreadableAsync(owner, doubtful, cancellation) is { } path)
        {
            throw CaptureErrors.BeyondReach(path, plan.Environment.Path, owner);
        }
    }

    /// <summary>The first user but root who decides what the environment's files say; null when root alone does.</summary>
    private uint? Owner()
    {
        var environment = plan.Environment;
        foreach (var place in environment.Sites.Prepend(environment.Real + "/bin").Prepend(environment.Real))
        {
            if (_tree.TryStat(place, out var stat) && stat.User != 0)
            {
                return stat.User;
            }
        }

        return null;
    }

    private bool IsOfTheEnvironment(string source) =>
        Below(source, plan.Environment.Real)
        || plan.Request.Include.Any(named => named.StartsWith('/') && Below(source, _tree.Resolve(named) ?? named));

    private static bool Below(string path, string directory) =>
        path == directory
        || (path.Length > directory.Length && path[directory.Length] == '/' && path.StartsWith(directory, StringComparison.Ordinal));

    private bool IsForEverybody(string source) =>
        _tree.TryStat(source, out var stat) && (stat.Mode & FileModes.OthersRead) != 0 && MayEnter(Path.GetDirectoryName(source)!);

    private bool MayEnter(string directory)
    {
        if (_entered.TryGetValue(directory, out var known))
        {
            return known;
        }

        var may =
            _tree.TryStat(directory, out var stat)
            && (stat.Mode & FileModes.OthersExecute) != 0
            && (directory == "/" || MayEnter(Path.GetDirectoryName(directory)!));
        _entered[directory] = may;
        return may;
    }

    /// <summary>Asks the kernel as the owner, with the owner's groups, so that access lists and network file systems count too.</summary>
    private static async Task<string?> UnreadableAsync(uint owner, List<string> paths, CancellationToken cancellation)
    {
        if (paths.Find(path => path.Contains('\n', StringComparison.Ordinal)) is { } odd)
        {
            return odd;
        }

        var id = owner.ToString(CultureInfo.InvariantCulture);
        var known = await HostCommand.RunAsync(HostProgram.Require("id"), ["-g", "--", id], cancellation: cancellation);
        var group = known.ExitCode == 0 ? known.Output.Trim() : id;
        var result = await HostCommand.RunAsync(
            HostProgram.Require("setpriv"),
            [
                "--reuid",
                id,
                "--regid",
                group,
                known.ExitCode == 0 ? "--init-groups" : "--clear-groups",
                "--no-new-privs",
                "--inh-caps=-all",
                "--",
                HostProgram.Require("sh").Path,
                "-c",
                "while IFS= read -r path; do [ -r \"$path\" ] || { printf '%s\\n' \"$path\"; exit 0; }; done",
            ],
            input: new StringBuilder().AppendJoin('\n', paths).Append('\n').ToString(),
            cancellation: cancellation
        );
        return result.ExitCode != 0 ? paths[0]
            : result.Output.TrimEnd('\n') is { Length: > 0 } first ? first
            : null;
    }
}
