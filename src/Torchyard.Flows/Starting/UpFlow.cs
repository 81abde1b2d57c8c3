using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Access;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Projects;
using Torchyard.Images.Layers;
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
    /// <summary>Ends with a running environment.</summary>
    public async Task<EnvironmentReport> RunAsync(UpRequest request, CancellationToken cancellation)
    {
        var source = request.Source;
        source.RequireAllowed();
        var project = Project.Of(source.Directory, store);
        var reports = new EnvironmentReports(store, caller, clientSettings);
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
            return await reports.WriteAsync(
                source,
                project,
                changed,
                new UpOutcome { Changes = changes, AlreadyRunning = true },
                cancellation
            );
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
            if (!source.Recipe.Services.IsEmpty)
            {
                await new ServiceStart(caller.Clock, progress).WaitAsync(session, cancellation);
            }

            checks = await CheckAsync(project, session, built, login, cancellation);
        }
        finally
        {
            login.Withdraw();
        }

        return await reports.WriteAsync(source, project, session, new UpOutcome { Checks = checks }, cancellation);
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

        using var root = new ImageRoot(await layers.EnsureAsync(built, progress, cancellation));
        var python = ProjectPython.In(root);
        PrepareState(project, request.Source.Recipe, root, python);
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

    private void PrepareState(Project project, Recipe recipe, ImageRoot root, ProjectPython? python)
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

        HomeDirectory.Ensure(project.Home, root);
    }

    private static string NameOf(RecipeSource source, Project project) =>
        source.Preset is { } preset ? RecipeName.From(Path.GetFileName(project.Directory), otherwise: preset) : source.Recipe.Name;

    private async Task<IReadOnlyList<EnvironmentCheck>> CheckAsync(
        Project project,
        ContainerSession session,
        StoredImage built,
        SshLoginCheck login,
        CancellationToken cancellation
    )
    {
        using var root = new ImageRoot(await layers.EnsureAsync(built, progress, cancellation));
        return await new EnvironmentChecks(self, progress).RunAsync(project, session, root, login, cancellation);
    }
}
