using System.Globalization;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Access;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Projects;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;
using ProjectPython = Torchyard.Images.Environments.ProjectPython;

namespace Torchyard.Flows.Starting;

/// <summary>What the user asked <c>up</c> for.</summary>
internal sealed record UpRequest
{
    /// <summary>The recipe.</summary>
    public required RecipeSource Source { get; init; }

    /// <summary>Replace a running environment.</summary>
    public bool Recreate { get; init; }

    /// <summary>Limits that cannot be enforced are warnings.</summary>
    public bool BestEffort { get; init; }

    /// <summary>The GPUs that the command line names; null: none are named.</summary>
    public string? Gpus { get; init; }

    /// <summary>After how long without use the command line gives GPUs back; zero: never; null: it says nothing.</summary>
    public TimeSpan? IdleRelease { get; init; }

    /// <summary>Variables that the command line gives, <c>NAME=VALUE</c> each.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];
}

/// <summary>The main job: find the project's environment, or lock, build, start and check it.</summary>
/// <param name="store">The store.</param>
/// <param name="caller">Whose keys may log in.</param>
/// <param name="containers">The containers of the store.</param>
/// <param name="launcher">Starts containers.</param>
/// <param name="image">Gives the image of a recipe, locked and built where needed, with its name.</param>
/// <param name="gpus">Gives the GPUs that are asked for to an environment with that name; null for none.</param>
/// <param name="layers">The image's layers as directories.</param>
/// <param name="self">This program, which starts itself again.</param>
/// <param name="clientSettings">Tells whether ssh knows the environments by their names.</param>
/// <param name="progress">Told how far the work is.</param>
internal sealed class UpFlow(
    StorePaths store,
    Caller caller,
    ContainerStore containers,
    ContainerLauncher launcher,
    Func<RecipeSource, CancellationToken, Task<StoredImage>> image,
    Func<UpRequest, StoredImage, string, CancellationToken, Task<EnvironmentGpus?>> gpus,
    IMountedLayers layers,
    SelfProgram self,
    SshClientSettings clientSettings,
    IProgressSink progress
)
{
    private const long LargestCertificate = 1 << 20;
    private const long LargestSkeletonFile = 16 << 20;

    private static readonly TimeSpan ServicesPatience = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(60);

    /// <summary>Ends with a running environment.</summary>
    public async Task<EnvironmentReport> RunAsync(UpRequest request, CancellationToken cancellation)
    {
        var source = request.Source;
        source.RequireAllowed();
        var project = Project.Of(source.Directory, store);
        Directory.CreateDirectory(project.State);
        // A second 'up' for the same directory waits here, then finds the environment running.
        using var alone = await FileLock.AcquireAsync(Path.Combine(project.State, "up.lock"), exclusive: true, cancellation);
        var existing = await containers.FindByLabelAsync(ContainerLabels.Project, project.Directory, cancellation);
        if (existing.FirstOrDefault(container => container.IsRunning) is { } running && !request.Recreate)
        {
            if (request.Gpus is { } named)
            {
                progress.Warn(
                    $"{running.Record.Name} keeps the GPUs that it was started with; 'torchyard up --recreate --gpus {named}' starts it "
                        + "anew"
                );
            }

            var (changed, changes) = await FollowAsync(request, new ContainerSession(containers, running.Record, self), cancellation);
            return await ReportAsync(source, project, changed, [], changes, alreadyRunning: true, cancellation);
        }

        request = GivenBack.Renew(request, existing, progress);
        var variables = RunTimeVariables.Of(caller, source.Recipe, request.Variables);
        variables.Require();
        var built = await image(source, cancellation);
        var login = new SshLoginCheck(AccessKeys.Find(caller.OwnHome, store), project.ServiceState);
        using var ports = new ServicePorts();
        var session = await StartAsync(request, project, built, existing, login, ports, variables, cancellation);
        IReadOnlyList<EnvironmentCheck> checks;
        try
        {
            await ServicesAsync(session, source.Recipe, cancellation);
            checks = await CheckAsync(project, session, built, login, cancellation);
        }
        finally
        {
            login.Withdraw();
        }

        return await ReportAsync(source, project, session, checks, [], alreadyRunning: false, cancellation);
    }

    /// <summary>Gives a running environment what the recipe says otherwise by now, as far as a running container can take it.</summary>
    private async Task<(ContainerSession Session, IReadOnlyList<EnvironmentChange> Changes)> FollowAsync(
        UpRequest request,
        ContainerSession session,
        CancellationToken cancellation
    )
    {
        var machine = MachineResources.Detect();
        var asked = EnvironmentRequest.Limits(request.Source.Recipe, machine);
        var (changed, outcomes) = await session.SetLimitsAsync(asked, request.BestEffort, cancellation);
        if (outcomes.Any(outcome => outcome.Refusal is null))
        {
            foreach (var excess in changed.Record.Limits.Excesses(machine))
            {
                progress.Warn(excess);
            }
        }

        IReadOnlyList<EnvironmentChange> idle;
        (changed, idle) = await IdleChange.ApplyAsync(request, changed, cancellation);
        var waiting = new RecipeChanges(
            request.Source,
            caller.Home,
            store,
            LockPlace.DigestOf(request.Source, store),
            new ImageStore(store)
        ).Of(changed.Record, asked);
        var variables = RunTimeVariables
            .Of(caller, request.Source.Recipe, request.Variables)
            .Changes(changed.Record.Labels, changed.StartVariables());
        return (changed, [.. outcomes.Select(EnvironmentChange.Of), .. idle, .. waiting, .. variables]);
    }

    private async Task<ContainerSession> StartAsync(
        UpRequest request,
        Project project,
        StoredImage built,
        IReadOnlyList<ContainerInfo> existing,
        SshLoginCheck login,
        ServicePorts ports,
        RunTimeVariables variables,
        CancellationToken cancellation
    )
    {
        using var task = progress.Begin("Starting");
        foreach (var container in existing)
        {
            var old = new ContainerSession(containers, container.Record, self);
            await old.StopAsync(timeout: null, cancellation);
            await containers.RemoveAsync(await containers.FindAsync(container.Record.Id, cancellation), cancellation);
        }

        var python = ProjectPython.In(await layers.EnsureAsync(built, progress, cancellation));
        await PrepareStateAsync(project, request.Source.Recipe, built, python, cancellation);
        login.Admit();
        if (variables.WithoutLogins(built.Config.Env) is { Count: > 0 } proxies)
        {
            progress.Note(
                $"{string.Join(", ", proxies)}: passed on without the login; to pass it on as well, name the variable under "
                    + "[environment] pass, which asks you first"
            );
        }

        var name = NameOf(request.Source, project);
        var run = EnvironmentRequest.For(
            request.Source,
            caller.Home,
            store,
            project,
            built,
            built.Names.Count > 0 ? built.Names[0] : built.Manifest.ToString(),
            name,
            python,
            ports,
            variables,
            request.BestEffort
        );
        run = run with { Labels = Labels(request, run.Labels), IdleRelease = IdleChange.Wanted(request) };
        ContainerSession session;
        try
        {
            session = await StartAsync(request, built, run, cancellation);
        }
        catch (TorchyardException taken) when (taken.Code == RunRequest.NameTaken)
        {
            // By another project of that name, which may have started at this moment.
            session = await StartAsync(request, built, run with { Name = $"{name}-{project.Id[..4]}" }, cancellation);
        }

        task.Done(session.Record.Name);
        return session;
    }

    private async Task<ContainerSession> StartAsync(UpRequest request, StoredImage built, RunRequest run, CancellationToken cancellation)
    {
        using var granted = await gpus(request, built, run.Name!, cancellation);
        return await launcher.StartAsync(
            granted is null ? run : run with { Gpus = granted.Injection, Environment = [.. granted.Environment, .. run.Environment] },
            cancellation
        );
    }

    private Dictionary<string, string> Labels(UpRequest request, IReadOnlyDictionary<string, string> more)
    {
        var source = request.Source;
        var labels = new Dictionary<string, string>(more)
        {
            [EnvironmentLabels.Recipe] = RecipeDigest.Of(source).ToString(),
            [EnvironmentLabels.Gpus] = source.Recipe.Limits.Gpus ?? "",
        };
        foreach (var (label, value) in IdleChange.Labels(request))
        {
            labels[label] = value;
        }

        if (request.Gpus is { } given)
        {
            labels[EnvironmentLabels.GivenGpus] = given;
        }

        if (LockPlace.WrittenDigestOf(source, store) is { } digest)
        {
            labels[EnvironmentLabels.Lock] = digest.ToString();
        }

        return labels;
    }

    private async Task PrepareStateAsync(
        Project project,
        Recipe recipe,
        StoredImage built,
        ProjectPython? python,
        CancellationToken cancellation
    )
    {
        foreach (var cache in recipe.Caches)
        {
            Directory.CreateDirectory(store.Caches, (UnixFileMode)FileModes.PrivateDirectory);
            Directory.CreateDirectory(Path.Combine(store.Caches, cache.Name), (UnixFileMode)FileModes.PrivateDirectory);
        }

        project.ServiceState.Make();
        project.ServiceLogs.Make();
        if (python is not null)
        {
            ProjectPythonDirectory.Ensure(python, project.Python(python));
        }

        if (Directory.Exists(project.Home))
        {
            return;
        }

        // As useradd does: a new home starts with the files of the image's /etc/skel. It appears whole, by rename.
        var fresh = project.Home + ".new";
        if (Directory.Exists(fresh))
        {
            Directory.Delete(fresh, recursive: true);
        }

        Directory.CreateDirectory(fresh);
        foreach (var layer in await layers.EnsureAsync(built, progress, cancellation))
        {
            using var root = ConfinedDirectory.Open(layer, Links.InsideRoot);
            foreach (var name in root.List("etc/skel"))
            {
                var place = Path.Combine(fresh, name);
                if (
                    !File.Exists(place)
                    && root.Status("etc/skel/" + name) is { IsRegular: true } file
                    && root.ReadBytes("etc/skel/" + name, LargestSkeletonFile) is { } content
                )
                {
                    await File.WriteAllBytesAsync(place, content, cancellation);
                    File.SetUnixFileMode(place, (UnixFileMode)(file.Permissions & FileModes.Everything));
                }
            }
        }

        Directory.Move(fresh, project.Home);
    }

    private static string NameOf(RecipeSource source, Project project) =>
        source.Preset is { } preset ? RecipeName.From(Path.GetFileName(project.Directory), otherwise: preset) : source.Recipe.Name;

    private async Task ServicesAsync(ContainerSession session, Recipe recipe, CancellationToken cancellation)
    {
        if (recipe.Services.IsEmpty)
        {
            return;
        }

        using var task = progress.Begin("Starting services", total: null, ProgressUnit.Items);
        var start = caller.Clock.GetTimestamp();
        while (true)
        {
            var status = await SupervisorClient.StatusAsync(session.RunDirectory, cancellation);
            if (status is { Ready: true })
            {
                foreach (var warning in status.Warnings)
                {
                    progress.Warn(warning);
                }

                task.Done(string.Join(", ", status.Services.Select(service => service.Name)));
                return;
            }

            if (await session.StateAsync(cancellation) is not { Status: ContainerStatus.Running })
            {
                throw new TorchyardException(
                    "TY4106",
                    $"{session.Record.Name} ended while its services were starting",
                    $"torchyard logs {session.Record.Name} shows why"
                );
            }

            if (caller.Clock.GetElapsedTime(start) > ServicesPatience || Failed(status) is not null)
            {
                var why = Failed(status) ?? Waiting(status);
                throw new TorchyardException(
                    "TY4102",
                    $"not every service of {session.Record.Name} started: {why}",
                    $"torchyard logs {session.Record.Name} SERVICE shows what it says; torchyard down stops the environment"
                );
            }

            await Task.Delay(Poll, caller.Clock, cancellation);
        }
    }

    private static string? Failed(SupervisorStatus? status) =>
        status?.Services.FirstOrDefault(service => service.State == "failed") is { } failed
            ? $"{failed.Name}: {failed.Message ?? "failed"}"
            : null;

    private static string Waiting(SupervisorStatus? status) =>
        status is null
            ? "the supervisor does not answer"
            : string.Join(
                "; ",
                status
                    .Services.Where(service => service.State != "ready")
                    .Select(service => $"{service.Name} is {service.State} {service.Message}".TrimEnd())
            );

    private async Task<IReadOnlyList<EnvironmentCheck>> CheckAsync(
        Project project,
        ContainerSession session,
        StoredImage built,
        SshLoginCheck login,
        CancellationToken cancellation
    )
    {
        var checks = new List<Task<EnvironmentCheck>>();
        if (session.Record.Gpus.Count > 0)
        {
            checks.Add(ShownAsync("Proving GPUs", EnvironmentCheck.GpusAsync(session, self, progress.Warn, cancellation)));
        }

        if (await HasTorchAsync(built, cancellation))
        {
            checks.Add(ShownAsync("Trying PyTorch", EnvironmentCheck.TrainingAsync(session, progress.Warn, cancellation)));
        }

        if (ServiceAddress.Of(session.Record.Labels, "jupyter") is { } jupyter)
        {
            using var state = project.ServiceState.Open();
            var certificate = jupyter.Tls ? state.ReadBytes("tls/certificate.pem", LargestCertificate) : null;
            checks.Add(
                ShownAsync(
                    "Asking Jupyter",
                    EnvironmentCheck.JupyterAsync(
                        session.Record.Name,
                        jupyter,
                        JupyterToken.Read(session.RunDirectory),
                        certificate,
                        cancellation
                    )
                )
            );
        }

        if (ServiceAddress.Of(session.Record.Labels, "ssh") is { } ssh)
        {
            checks.Add(ShownAsync("Logging in by SSH", login.RunAsync(session, project, ssh, progress.Warn, cancellation)));
        }

        return await Task.WhenAll(checks);
    }

    private async Task<EnvironmentCheck> ShownAsync(string label, Task<EnvironmentCheck> check)
    {
        using var task = progress.Begin(label, total: null, ProgressUnit.Items);
        var result = await check;
        task.Done(result.Result);
        return result;
    }

    private async Task<bool> HasTorchAsync(StoredImage built, CancellationToken cancellation)
    {
        string[] places = ["usr/lib/python3/dist-packages/torch", "opt/venv/lib"];
        var found = (await layers.EnsureAsync(built, progress, cancellation)).Any(layer =>
        {
            using var root = ConfinedDirectory.Open(layer, Links.InsideRoot);
            return root.Status(places[0]) is { IsDirectory: true }
                || root.List(places[1]).Any(python => root.Status($"{places[1]}/{python}/site-packages/torch") is { IsDirectory: true });
        });
        return found;
    }

    private async Task<EnvironmentReport> ReportAsync(
        RecipeSource source,
        Project project,
        ContainerSession session,
        IReadOnlyList<EnvironmentCheck> checks,
        IReadOnlyList<EnvironmentChange> changes,
        bool alreadyRunning,
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
            AlreadyRunning = alreadyRunning,
            Jupyter = jupyter is null ? null : $"{jupyter.Url}?token={JupyterToken.Read(session.RunDirectory)}",
            Ssh = ssh is null ? null : SshCommand(ssh, keys?.PrivateKey),
            SshHost = entry?.Host,
            SshConfig = entry?.Write(Path.Combine(project.State, SshClientSettings.EntryName)),
            SshKnown = entry is not null && clientSettings.IsIncluded,
            SshKeys = keys?.Origin,
            Services = PlacedServices.Of(record.Labels),
            UnknownAddresses =
                !alreadyRunning || record.Labels.Keys.Any(ServiceAddress.IsLabel) ? [] : EnvironmentReport.ServicesOf(source.Recipe),
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
            Checks = checks,
            Changes = changes,
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

    private static bool IsOwn(string target) => target is "/var/lib/torchyard" or "/var/log/torchyard";

    private static string SshCommand(ServiceAddress address, string? key) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"ssh -p {address.Port} {(key is null ? "" : $"-i {key} ")}{SshLogin.User}@{address.Connect}"
        );
}
