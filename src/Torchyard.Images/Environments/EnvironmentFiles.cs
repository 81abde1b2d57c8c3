using System.Text;
using Torchyard.Recipes;

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

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Gives every entry, directories before what is in them, in the order of their paths.</summary>
    /// <param name="recipe">The recipe of the image.</param>
    /// <param name="supervisor">The supervisor program; its digest is <c>LockedTools.Supervisor</c>.</param>
    /// <param name="programs">Directory of the programs of the image's Python environment.</param>
    public static IReadOnlyList<EnvironmentEntry> For(Recipe recipe, ReadOnlyMemory<byte> supervisor, string programs = LockedPython.VenvPath + "/bin")
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var entries = new List<EnvironmentEntry>
        {
            Directory("/etc/torchyard"),
            Text(ServicesPath, ServicesDocument.Write(recipe, programs)),
            Text(ProfilePath, LoginProfile.Text),
            Directory("/usr/lib/torchyard"),
            new(SupervisorPath, Executable, 0, 0, supervisor),
            Own(TrainerAccount.Home, Executable),
            Own("/run/torchyard", Private),
            Own("/var/lib/torchyard", Private),
            Own("/var/log/torchyard", Executable),
            Own("/workspace", Executable),
        };
        entries.AddRange(recipe.Mounts.Select(mount => Own(mount.Target, Executable)));
        if (recipe.Services.Jupyter is not null)
            entries.Add(Text(JupyterConfigurationPath, JupyterConfiguration.Text));

        if (recipe.Services.Ssh is not null)
            entries.Add(Text(SshConfigurationPath, SshConfiguration.Text));

        return [.. entries.DistinctBy(entry => entry.Path).OrderBy(entry => entry.Path, StringComparer.Ordinal)];
    }

    private static EnvironmentEntry Directory(string path) => new(path, Executable, 0, 0, null);

    private static EnvironmentEntry Own(string path, UnixFileMode mode) => new(path, mode, TrainerAccount.Id, TrainerAccount.Id, null);

    private static EnvironmentEntry Text(string path, string text) => new(path, Readable, 0, 0, Encoding.UTF8.GetBytes(text));
}
