using Torchyard.Containers.Sessions;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Access;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Naming;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Flows.Starting;

/// <summary>What is wanted of <c>ssh</c>.</summary>
internal sealed record SshRequest
{
    /// <summary>The environment, as <see cref="NamedContainers"/> takes it, or null for that of the working directory.</summary>
    public string? Name { get; init; }

    /// <summary>Options and command for ssh.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Show the entry for ssh_config.</summary>
    public bool Config { get; init; }

    /// <summary>Let ssh find all environments by their names.</summary>
    public bool Write { get; init; }

    /// <summary>Take that back.</summary>
    public bool Remove { get; init; }

    /// <summary>It is about settings, and nobody logs in.</summary>
    public bool IsAboutSettings => Config || Write || Remove;
}

/// <summary>What became of the settings of ssh.</summary>
/// <param name="Entry">The environment's entry; null when the line was taken out.</param>
/// <param name="File">The user's file.</param>
/// <param name="Changed">The file was changed.</param>
internal sealed record SshSettingsAnswer(SshHostEntry? Entry, string File, bool Changed);

/// <summary>The ways to an environment by ssh.</summary>
/// <param name="host">Who wants to get in.</param>
internal sealed class SshAccess(Host host)
{
    private static readonly string[] OwnOptions = ["--config", "--write", "--remove"];

    /// <summary>The client and its arguments for a login.</summary>
    /// <exception cref="TorchyardException">TY4107 to TY4110, TY4122.</exception>
    public async Task<(HostProgram Client, IReadOnlyList<string> Arguments)> LoginAsync(SshRequest request, CancellationToken cancellation)
    {
        if (request.Arguments is [var first, ..] && OwnOptions.Contains(first))
        {
            throw new TorchyardException(
                "TY4122",
                $"'{first}' stands behind the name, where everything belongs to ssh",
                $"write it before the name: torchyard ssh {first} {request.Name}"
            )
            {
                IsUsage = true,
            };
        }

        var entry = await EntryAsync(request.Name, cancellation);
        var client = SshLogin.RequireClient(HostProgram.Find("ssh"));
        return (client, SshLogin.Arguments(entry.Address, entry.Name, entry.KnownHosts, entry.PrivateKey, request.Arguments));
    }

    /// <summary>Shows the entry, or changes the user's settings.</summary>
    /// <exception cref="TorchyardException">TY4107 to TY4109, TY4121, TY4122.</exception>
    public async Task<SshSettingsAnswer> SettingsAsync(SshRequest request, CancellationToken cancellation)
    {
        RequireSense(request);

        var settings = new SshClientSettings(host);
        if (request.Remove)
        {
            return new SshSettingsAnswer(null, settings.File, await settings.RemoveAsync(cancellation));
        }

        var entry = await EntryAsync(request.Name, cancellation);
        _ = entry.Write();
        var changed = request.Write && await settings.AddAsync(cancellation);
        if (
            request.Write
            && await SshClientSettings.ProblemAsync(entry.Host, Path.GetFileName(Path.GetDirectoryName(entry.KnownHosts)!), cancellation)
                is { } why
        )
        {
            host.Progress.Warn($"ssh does not find {entry.Host} by {settings.File}: {why}");
        }

        return new SshSettingsAnswer(entry, settings.File, changed);
    }

    private static void RequireSense(SshRequest request)
    {
        var (what, cure) =
            request is { Write: true, Remove: true } ? ("--write and --remove contradict each other", "give one of the two")
            : request.Arguments.Count > 0
                ? ($"with --config no ssh is started that could take '{string.Join(' ', request.Arguments)}'", "leave out one of the two")
            // The line is for all environments, and an entry goes with its container.
            : request is { Remove: true, Name: { } name }
                ? ($"--remove takes out the line for all environments, not for '{name}' alone", "leave the name out if you mean all")
            : (null, "");
        if (what is not null)
        {
            throw new TorchyardException("TY4122", what, cure) { IsUsage = true };
        }
    }

    private async Task<SshHostEntry> EntryAsync(string? name, CancellationToken cancellation)
    {
        var container = await new NamedContainers(host).FindAsync(name, cancellation);
        var session = host.Session(container);
        session.RequireRunning();
        var record = container.Record;
        var address = ServiceAddress.Of(record.Labels, "ssh")
            ?? await ReportedAsync(session, cancellation)
            ?? throw new TorchyardException(
                "TY4107",
                $"{record.Name} runs no SSH server",
                $"torchyard exec -it {record.Name} bash starts a shell in it; [services.ssh] in torchyard.toml adds the server"
            );
        var state = session.ServiceState
            ?? throw new TorchyardException(
                "TY4108",
                $"{record.Name} keeps no host key in the store",
                $"use ssh itself: ssh -p {address.Port} {EnvironmentPlaces.User}@{address.Connect}"
            );
        return SshHostEntry.Make(
            session,
            state,
            address,
            record.Labels.GetValueOrDefault(ContainerLabels.Project),
            AccessKeys.Find(host.Caller.OwnHome, host.Store)
        );
    }

    private static async Task<ServiceAddress?> ReportedAsync(ContainerSession session, CancellationToken cancellation)
    {
        var status = await SupervisorClient.StatusAsync(session.RunDirectory, cancellation);
        return ServiceAddress.Reported(session.Record, status?.Services.FirstOrDefault(service => service.Name == "ssh"));
    }
}
