using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Starting;

/// <summary>The container that somebody means who may have named one.</summary>
internal static class ChosenEnvironment
{
    /// <summary>The named container; without a name the environment that is up in the working directory.</summary>
    /// <param name="host">Who asks, from where.</param>
    /// <param name="name">Name or id, or null.</param>
    /// <param name="cure">What helps when nothing is up there.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="TorchyardException">TY4109: nothing is up there; TY4039: there is no such container.</exception>
    public static async Task<ContainerInfo> FindAsync(Host host, string? name, string cure, CancellationToken cancellation)
    {
        var containers = host.Containers();
        if (name is not null)
        {
            return await containers.FindAsync(name, cancellation);
        }

        var project = Project.Of(host.Caller.WorkingDirectory, host.Store);
        if (
            (await containers.FindByLabelAsync(ContainerLabels.Project, project.Directory, cancellation)).FirstOrDefault(found =>
                found.IsRunning
            ) is
            { } own
        )
        {
            return own;
        }

        var others = (await containers.ListAsync(cancellation))
            .Where(found => found.IsRunning && found.Record.Labels.ContainsKey(ContainerLabels.Project))
            .Select(found => found.Record.Name)
            .ToList();
        throw new TorchyardException(
            "TY4109",
            $"nothing is up in {project.Directory}{(others.Count > 0 ? $"; elsewhere: {string.Join(", ", others)}" : "")}",
            cure
        );
    }
}
