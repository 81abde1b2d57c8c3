using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Mirroring;

/// <summary>The server: a binary beside this one, which becomes this process.</summary>
internal static class MirrorProgram
{
    /// <summary>Its name.</summary>
    public const string Name = "torchyard-mirror";

    /// <summary>Becomes the server.</summary>
    /// <exception cref="TorchyardException">TY6040 to TY6042: it would not serve so; TY6044: it is not there.</exception>
    public static TorchyardException Become(Host host, MirrorOptions options)
    {
        options.Require();
        var program = HostProgram.At(PathBeside(AppContext.BaseDirectory));
        var reason = ProcessReplacement.Execute(program, [Name, .. options.ToArguments()], host.Caller.WorkingDirectory);
        return new TorchyardException("TY6044", $"{program} cannot be started: {reason}", "install Torchyard again");
    }

    /// <summary>Where it is.</summary>
    /// <exception cref="TorchyardException">TY6044: it is not there.</exception>
    internal static string PathBeside(string directory)
    {
        var path = Path.Combine(directory, Name);
        return File.Exists(path)
            ? path
            : throw new TorchyardException("TY6044", $"the server {path} is missing", "install Torchyard again: it comes with the program");
    }
}
