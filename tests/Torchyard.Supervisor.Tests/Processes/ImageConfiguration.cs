using System.Text;
using Torchyard.Images.Environments;
using Torchyard.Recipes.Settings;

namespace Torchyard.Supervisor.Tests.Processes;

/// <summary>The configuration files that images have.</summary>
internal static class ImageConfiguration
{
    public static string Jupyter => Read("/etc/torchyard/jupyter_config.py");

    public static string Ssh => Read("/etc/torchyard/sshd_config");

    private static string Read(string path)
    {
        var recipe = new Recipe
        {
            Name = "test",
            Base = new DebianBase { Suite = "trixie" },
            Services = new ServiceSettings { Jupyter = new JupyterSettings(), Ssh = new SshSettings() },
        };
        return Encoding.UTF8.GetString(
            EnvironmentFiles.For(recipe, ReadOnlyMemory<byte>.Empty).Single(entry => entry.Path == path).Content!.Value.Span
        );
    }
}
