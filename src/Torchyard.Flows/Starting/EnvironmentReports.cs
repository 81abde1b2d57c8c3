using System.Globalization;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Access;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Projects;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;
using ProjectPython = Torchyard.Images.Environments.ProjectPython;

namespace Torchyard.Flows.Starting;

/// <summary>What <c>up</c> found or did before its report.</summary>
internal sealed record UpOutcome
{
    /// <summary>What a started environment showed; empty for one that ran before.</summary>
    public IReadOnlyList<EnvironmentCheck> Checks { get; init; } = [];

    /// <summary>What changed in one that ran before, or waits for its next start.</summary>
    public IReadOnlyList<EnvironmentChange> Changes { get; init; } = [];

    /// <summary>It ran before.</summary>
    public bool AlreadyRunning { get; init; }
}

/// <summary>Tells how to get into a running environment, and what it has.</summary>
/// <param name="store">The store.</param>
/// <param name="caller">Whose keys may log in.</param>
/// <param name="clientSettings">Tells whether ssh knows the environments by their names.</param>
internal sealed class EnvironmentReports(StorePaths store, Caller caller, SshClientSettings clientSettings)
{
    /// <summary>Writes the report, and ssh's entry for the environment.</summary>
    public async Task<EnvironmentReport> WriteAsync(
        RecipeSource source,
        Project project,
        ContainerSession session,
        UpOutcome outcome,
        CancellationToken cancellation
    )
    {
        var record = session.Record;
        var status = await SupervisorClient.StatusAsync(session.RunDirectory, cancellation);
        var jupyter = ServiceAddress.Of(record.Labels, "jupyter");
        var ssh = ServiceAddress.Of(record.Labels, "ssh");
        var keys = ssh is null ? null : AccessKeys.Find(caller.OwnHome, store);
        var python = record.Mounts.FirstOrDefault(mount => mount.Target == ProjectPython.Root)?.Source;
        var added = python is null ? [] : ProjectPackages.Read(python);
        var entry = ssh is null || keys is null ? null : Entry(session, project, ssh, keys);
        return new EnvironmentReport
        {
            Name = record.Name,
            Id = record.Id,
            Image = record.ImageName,
            Digest = record.ImageDigest,
            Project = project.Directory,
            AlreadyRunning = outcome.AlreadyRunning,
            Jupyter = jupyter is null ? null : $"{jupyter.Url}?token={JupyterToken.Read(session.RunDirectory)}",
            Ssh = ssh is null ? null : SshCommand(ssh, keys?.PrivateKey),
            SshHost = entry?.Host,
            SshConfig = entry?.Write(Path.Combine(project.State, SshClientSettings.EntryName)),
            SshKnown = entry is not null && clientSettings.IsIncluded,
            SshKeys = keys?.Origin,
            Services = PlacedServices.Of(record.Labels),
            UnknownAddresses =
                !outcome.AlreadyRunning || record.Labels.Keys.Any(ServiceAddress.IsLabel)
                    ? []
                    : EnvironmentReport.ServicesOf(source.Recipe),
            Mounts =
            [
                .. record
                    .Mounts.Where(mount => !IsOwn(mount.Target))
                    .Select(mount => new EnvironmentMount(mount.Source, mount.Target, mount.ReadOnly)),
            ],
            Memory = record.Limits.Memory,
            Cpus = record.Limits.Cpus,
            SharedMemory = record.Limits.SharedMemory,
            Processes = record.Limits.Processes,
            NotEnforced = record.NotEnforced,
            Gpus = [.. record.Gpus.Select(gpu => gpu.Model is { } model ? $"{gpu.Name}: {model}" : $"{gpu.Name}: {gpu.Uuid}")],
            IdleRelease = record.IdleRelease == 0 ? null : IdleTime.Written(TimeSpan.FromSeconds(record.IdleRelease)),
            Checks = outcome.Checks,
            Changes = outcome.Changes,
            AddedPackages = added,
            RecipeLines = ProjectPackages.RecipeLines(added, source.Recipe),
            Troubles =
            [
                .. (status?.Services ?? [])
                    .Where(service => service.State is not ("ready" or "stopped"))
                    .Select(service => $"{service.Name} is {service.State} {service.Message}".TrimEnd()),
            ],
        };
    }

    /// <summary>The entry for ssh; null while there is no host key, as when the server of a running environment has failed.</summary>
    private static SshHostEntry? Entry(ContainerSession session, Project project, ServiceAddress address, AccessKeys keys)
    {
        try
        {
            return SshHostEntry.Make(session, project.ServiceState, address, project.Directory, keys);
        }
        catch (TorchyardException missing) when (missing.Code == SshLogin.NoHostKey)
        {
            return null;
        }
    }

    private static bool IsOwn(string target) => target is EnvironmentPlaces.State or EnvironmentPlaces.Logs;

    private static string SshCommand(ServiceAddress address, string? key) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"ssh -p {address.Port} {(key is null ? "" : $"-i {key} ")}{EnvironmentPlaces.User}@{address.Connect}"
        );
}
