using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Containers;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Images;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Up;

/// <summary>What the user asked <c>up</c> for.</summary>
/// <param name="Source">The recipe.</param>
/// <param name="Recreate">Replace a running environment.</param>
/// <param name="BestEffort">Limits that cannot be enforced are warnings.</param>
/// <param name="Gpus">The GPUs that the command line names; null: none are named.</param>
internal sealed record UpRequest(RecipeSource Source, bool Recreate, bool BestEffort, string? Gpus);

/// <summary>The main job: find the project's environment, or lock, build, start and check it.</summary>
/// <param name="store">The store.</param>
/// <param name="caller">Whose keys may log in.</param>
/// <param name="containers">The containers of the store.</param>
/// <param name="launcher">Starts containers.</param>
/// <param name="image">Gives the image of a recipe, locked and built where needed, with its name.</param>
/// <param name="gpus">Gives the GPUs of an environment with that name; null for none.</param>
/// <param name="layers">The image's layers as directories.</param>
/// <param name="progress">Told how far the work is.</param>
internal sealed class UpFlow(
    StorePaths store,
    Caller caller,
    ContainerStore containers,
    ContainerLauncher launcher,
    Func<RecipeSource, CancellationToken, Task<StoredImage>> image,
    Func<RecipeSource, StoredImage, string, CancellationToken, Task<EnvironmentGpus?>> gpus,
    IMountedLayers layers,
    IProgressSink progress)
{
    /// <summary>Label of a container that holds the digest of the recipe it was started for.</summary>
    private const string RecipeLabel = "torchyard.recipe";

    private static readonly TimeSpan ServicesPatience = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(60);

    /// <summary>Ends with a running environment.</summary>
    public async Task<EnvironmentReport> RunAsync(UpRequest request, CancellationToken cancellation)
    {
        var source = request.Source;
        var project = Project.Of(source.Directory, store);
        Directory.CreateDirectory(project.State);
        // A second 'up' for the same directory waits here, then finds the environment running.
        using var alone = await FileLock.AcquireAsync(Path.Combine(project.State, "up.lock"), exclusive: true, cancellation);
        var recipeDigest = RecipeDigest.Of(source.Recipe, source.DigestDirectory).ToString();
        var existing = await containers.FindByLabelAsync(ContainerLabels.Project, project.Directory, cancellation);
        if (existing.FirstOrDefault(container => container.IsRunning) is { } running && !request.Recreate)
        {
            if (running.Record.Labels.GetValueOrDefault(RecipeLabel) != recipeDigest)
            {
                progress.Warn($"{running.Record.Name} runs with an older recipe; 'torchyard up --recreate' replaces it, what is kept on mounts stays");
            }

            if (request.Gpus is { } named)
            {
                progress.Warn($"{running.Record.Name} keeps the GPUs that it was started with; 'torchyard up --recreate --gpus {named}' starts it anew");
            }

            return await ReportAsync(project, new ContainerSession(containers, running.Record, SelfProgram.Current), [], alreadyRunning: true, cancellation);
        }

        var built = await image(source, cancellation);
        var session = await StartAsync(request, project, built, recipeDigest, existing, cancellation);
        await ServicesAsync(session, source.Recipe, cancellation);
        var checks = await CheckAsync(project, session, built, cancellation);
        return await ReportAsync(project, session, checks, alreadyRunning: false, cancellation);
    }

    private async Task<ContainerSession> StartAsync(
        UpRequest request, Project project, StoredImage built, string recipeDigest, IReadOnlyList<ContainerInfo> existing, CancellationToken cancellation)
    {
        using var task = progress.Begin("Starting");
        foreach (var container in existing)
        {
            var old = new ContainerSession(containers, container.Record, SelfProgram.Current);
            await old.StopAsync(timeout: null, cancellation);
            await containers.RemoveAsync(await containers.FindAsync(container.Record.Id, cancellation), cancellation);
        }

        await PrepareStateAsync(project, built, cancellation);
        var keys = AccessKeys.Find(caller.Home, store);
        AtomicFile.WriteText(Path.Combine(project.ServiceState, "authorized_keys"), keys.AuthorizedKeys);
        var name = await FreeNameAsync(request.Source, project, cancellation);
        var run = EnvironmentRequest.For(request.Source, project, built, built.Names.Count > 0 ? built.Names[0] : built.Manifest.ToString(), name, request.BestEffort);
        run = run with { Labels = new Dictionary<string, string>(run.Labels) { [RecipeLabel] = recipeDigest } };
        using var granted = await gpus(request.Source, built, name, cancellation);
        if (granted is not null)
        {
            run = run with { Gpus = granted.Injection, Environment = [.. granted.Environment, .. run.Environment] };
        }

        var session = await launcher.StartAsync(run, cancellation);
        task.Done(name);
        return session;
    }

    private async Task PrepareStateAsync(Project project, StoredImage built, CancellationToken cancellation)
    {
        Directory.CreateDirectory(project.ServiceState);
        Directory.CreateDirectory(project.ServiceLogs);
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
            var skeleton = new DirectoryInfo(Path.Combine(layer, "etc/skel"));
            foreach (var file in skeleton.Exists && skeleton.LinkTarget is null ? skeleton.EnumerateFiles() : [])
            {
                if (file.LinkTarget is null && !File.Exists(Path.Combine(fresh, file.Name)))
                {
                    file.CopyTo(Path.Combine(fresh, file.Name));
                }
            }
        }

        Directory.Move(fresh, project.Home);
    }

    private async Task<string> FreeNameAsync(RecipeSource source, Project project, CancellationToken cancellation)
    {
        var name = source.Preset is { } preset ? RecipeName.From(Path.GetFileName(project.Directory), otherwise: preset) : source.Recipe.Name;
        var used = (await containers.ListAsync(cancellation)).Select(container => container.Record.Name).ToHashSet(StringComparer.Ordinal);
        return used.Contains(name) ? $"{name}-{project.Id[..4]}" : name;
    }

    private async Task ServicesAsync(ContainerSession session, Recipe recipe, CancellationToken cancellation)
    {
        if (recipe.Services is { Jupyter: null, Ssh: null })
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
                    "TY4106", $"{session.Record.Name} ended while its services were starting", $"torchyard logs {session.Record.Name} shows why");
            }

            if (caller.Clock.GetElapsedTime(start) > ServicesPatience || Failed(status) is not null)
            {
                var why = Failed(status) ?? Waiting(status);
                throw new TorchyardException("TY4102", $"not every service of {session.Record.Name} started: {why}",
                    $"torchyard logs --service NAME {session.Record.Name} shows what it says; torchyard down stops the environment");
            }

            await Task.Delay(Poll, caller.Clock, cancellation);
        }
    }

    private static string? Failed(SupervisorStatus? status) =>
        status?.Services.FirstOrDefault(service => service.State == "failed") is { } failed ? $"{failed.Name}: {failed.Message ?? "failed"}" : null;

    private static string Waiting(SupervisorStatus? status) => status is null
        ? "the supervisor does not answer"
        : string.Join("; ", status.Services.Where(service => service.State != "ready").Select(service => $"{service.Name} is {service.State} {service.Message}".TrimEnd()));

    private async Task<IReadOnlyList<EnvironmentCheck>> CheckAsync(Project project, ContainerSession session, StoredImage built, CancellationToken cancellation)
    {
        var status = await SupervisorClient.StatusAsync(session.RunDirectory, cancellation);
        var checks = new List<Task<EnvironmentCheck>>();
        if (session.Record.Gpus.Count > 0)
        {
            checks.Add(ShownAsync("Proving GPUs", EnvironmentCheck.GpusAsync(session, progress.Warn, cancellation)));
        }

        if (await HasTorchAsync(built, cancellation))
        {
            checks.Add(ShownAsync("Trying PyTorch", EnvironmentCheck.TrainingAsync(session, progress.Warn, cancellation)));
        }

        if (Address(status, "jupyter") is { } jupyter)
        {
            var certificate = Path.Combine(project.ServiceState, "tls", "certificate.pem");
            checks.Add(ShownAsync("Asking Jupyter", EnvironmentCheck.JupyterAsync(jupyter, await TokenAsync(session, cancellation), certificate, cancellation)));
        }

        if (Address(status, "ssh") is { } ssh)
        {
            checks.Add(ShownAsync("Asking SSH", EnvironmentCheck.SshAsync(ssh, cancellation)));
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
            Directory.Exists(Path.Combine(layer, places[0]))
            || (Directory.Exists(Path.Combine(layer, places[1])) && Directory.EnumerateDirectories(Path.Combine(layer, places[1]), "python3*")
                .Any(python => Directory.Exists(Path.Combine(python, "site-packages/torch")))));
        return found;
    }

    private async Task<EnvironmentReport> ReportAsync(
        Project project, ContainerSession session, IReadOnlyList<EnvironmentCheck> checks, bool alreadyRunning, CancellationToken cancellation)
    {
        var record = session.Record;
        var status = await SupervisorClient.StatusAsync(session.RunDirectory, cancellation);
        var jupyter = Address(status, "jupyter");
        var ssh = Address(status, "ssh");
        var keys = ssh is null ? null : AccessKeys.Find(caller.Home, store);
        return new EnvironmentReport
        {
            Name = record.Name,
            Id = record.Id,
            Image = record.ImageName,
            Digest = record.ImageDigest,
            Project = project.Directory,
            AlreadyRunning = alreadyRunning,
            Jupyter = jupyter is null ? null : $"{jupyter.Url}?token={await TokenAsync(session, cancellation)}",
            Ssh = ssh is null ? null : SshCommand(ssh, keys?.PrivateKey),
            SshKeys = keys?.Origin,
            Mounts = [.. record.Mounts.Where(mount => !IsOwn(mount.Target)).Select(mount => new EnvironmentMount(mount.Source, mount.Target, mount.ReadOnly))],
            Memory = record.Limits.Memory,
            Cpus = record.Limits.Cpus,
            SharedMemory = record.Limits.SharedMemory,
            Processes = record.Limits.Processes,
            NotEnforced = record.NotEnforced,
            Gpus = [.. record.Gpus.Select(gpu => gpu.Model is { } model ? $"{gpu.Name}: {model}" : $"{gpu.Name}: {gpu.Uuid}")],
            Checks = checks,
            Troubles = [.. (status?.Services ?? []).Where(service => service.State != "ready").Select(service => $"{service.Name} is {service.State} {service.Message}".TrimEnd())],
        };
    }

    private static bool IsOwn(string target) => target is "/var/lib/torchyard" or "/var/log/torchyard";

    private static ServiceAddress? Address(SupervisorStatus? status, string name) =>
        ServiceAddress.Of(status?.Services.FirstOrDefault(service => service.Name == name));

    private static string SshCommand(ServiceAddress address, string? key) => string.Create(
        CultureInfo.InvariantCulture, $"ssh -p {address.Port} {(key is null ? "" : $"-i {key} ")}trainer@{address.Connect}");

    private static async Task<string> TokenAsync(ContainerSession session, CancellationToken cancellation) =>
        (await File.ReadAllTextAsync(Path.Combine(session.RunDirectory, "jupyter-token"), cancellation)).Trim();
}
