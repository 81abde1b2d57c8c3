using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;

namespace Torchyard.Flows.Projects;

/// <summary>The containers of a project.</summary>
internal static class ProjectContainers
{
    /// <summary>All of a directory's, newest first, whether or not they run.</summary>
    /// <param name="host">Where they are.</param>
    /// <param name="directory">Absolute path, by whatever links.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static Task<IReadOnlyList<ContainerInfo>> InAsync(Host host, string directory, CancellationToken cancellation) =>
        host.Containers().FindByLabelAsync(ContainerLabels.Project, Project.Of(directory, host.Store).Directory, cancellation);
}
