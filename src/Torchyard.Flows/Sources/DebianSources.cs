using Torchyard.Flows.Hosts;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Sources;

/// <summary>The Debian archives of a project.</summary>
internal static class DebianSources
{
    /// <summary>Opens them; keyrings are read among the files of the project.</summary>
    public static DebianPackages Open(Host host, ProjectFiles files) =>
        new(host.Store, host.Progress, host.Clock, host.Caller.Variable) { Keyring = path => files.Read(path, long.MaxValue) };
}
