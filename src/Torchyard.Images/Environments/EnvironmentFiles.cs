using System.Text;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Environments;

/// <summary>
/// What an image gets beside its packages: the supervisor, the list of its services and their configuration.
/// A pure function of the recipe and the supervisor's bytes, so that it never adds anything of the machine.
/// </summary>
public static class EnvironmentFiles
{
    /// <summary>The image's entry point.</summary>
    public const string SupervisorPath = "/usr/lib/torchyard/supervisor";

    /// <summary>The services that the supervisor can start.</summary>
    public const string ServicesPath = "/etc/torchyard/services.json";

    internal const string JupyterConfigurationPath = "/etc/torchyard/jupyter_config.py";
    internal const string SshConfigurationPath = "/etc/torchyard/sshd_config";
    internal const string ProfilePath = "/etc/profile.d/torchyard.sh";
    internal const string LoginEnvironmentPath = "/etc/environment";

    /// <summary>Gives every entry, directories before what is in them, in the order of their paths.</summary>
    /// <param name="recipe">The recipe of the image.</param>
    /// <param name="supervisor">The supervisor program; its digest is <c>LockedTools.Supervisor</c>.</param>
    /// <param name="programs">Directory of the programs of an environment that the recipe does not make; null for <c>/opt/venv</c>.</param>
    /// <param name="python">The project's Python; null without one.</param>
    /// <param name="under">The image that it is built on; null for none.</param>
    public static IReadOnlyList<EnvironmentEntry> For(
        Recipe recipe,
        ReadOnlyMemory<byte> supervisor,
        string? programs = null,
        ProjectPython? python = null,
        LockedBase? under = null
    )
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var variables = ImageDefaults.Variables(recipe, programs, python, under);
        var entries = new List<EnvironmentEntry>
        {
            Directory("/etc/torchyard"),
            Text(ServicesPath, ServicesDocument.Write(recipe, programs ?? under?.Programs ?? LockedPython.VenvPath + "/bin", python)),
            Text(ProfilePath, LoginProfile.Shell(variables)),
            Text(LoginEnvironmentPath, LoginProfile.Environment(variables)),
            Directory("/usr/lib/torchyard"),
            new()
            {
                Path = SupervisorPath,
                Mode = (UnixFileMode)FileModes.Executable,
                Uid = 0,
                Gid = 0,
                Content = supervisor,
            },
            Own(EnvironmentPlaces.Home, (UnixFileMode)FileModes.Directory),
            Own("/run/torchyard", (UnixFileMode)FileModes.PrivateDirectory),
            Own(EnvironmentPlaces.State, (UnixFileMode)FileModes.PrivateDirectory),
            Own(EnvironmentPlaces.Logs, (UnixFileMode)FileModes.Directory),
            Own(EnvironmentPlaces.Workspace, (UnixFileMode)FileModes.Directory),
        };
        entries.AddRange(recipe.Mounts.Select(mount => Own(mount.Target, (UnixFileMode)FileModes.Directory)));
        if (python is not null)
        {
            entries.AddRange(python.Skeleton);
            entries.AddRange(python.Files(recipe.Services.Jupyter is not null));
        }

        if (recipe.Services.Jupyter is not null)
        {
            entries.Add(Text(JupyterConfigurationPath, JupyterConfiguration.Text));
            entries.Add(Directory(ProjectPython.JupyterData));
            entries.Add(Directory(ProjectPython.JupyterData + "/templates"));
            entries.Add(Text(JupyterConfiguration.TerminalPagePath, JupyterConfiguration.TerminalPage));
        }

        if (recipe.Services.Ssh is not null)
        {
            entries.Add(Text(SshConfigurationPath, SshConfiguration.Text));
        }

        return [.. entries.DistinctBy(entry => entry.Path).OrderBy(entry => entry.Path, StringComparer.Ordinal)];
    }

    private static EnvironmentEntry Directory(string path) =>
        new()
        {
            Path = path,
            Mode = (UnixFileMode)FileModes.Directory,
            Uid = 0,
            Gid = 0,
            Content = null,
        };

    private static EnvironmentEntry Own(string path, UnixFileMode mode) =>
        new()
        {
            Path = path,
            Mode = mode,
            Uid = EnvironmentPlaces.UserId,
            Gid = EnvironmentPlaces.UserId,
            Content = null,
        };

    private static EnvironmentEntry Text(string path, string text) =>
        new()
        {
            Path = path,
            Mode = (UnixFileMode)FileModes.Readable,
            Uid = 0,
            Gid = 0,
            Content = Encoding.UTF8.GetBytes(text),
        };
}
