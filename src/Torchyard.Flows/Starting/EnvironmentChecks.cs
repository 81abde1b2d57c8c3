using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Projects;
using Torchyard.Images.Layers;
using Torchyard.Platform.Reporting;

namespace Torchyard.Flows.Starting;

/// <summary>Shows that a started environment works: its GPUs, PyTorch, Jupyter and ssh.</summary>
/// <param name="self">This program, which starts itself again inside.</param>
/// <param name="progress">Told how far it is.</param>
internal sealed class EnvironmentChecks(SelfProgram self, IProgressSink progress)
{
    private const long LargestCertificate = 1 << 20;

    /// <summary>Runs those that fit what the environment has, side by side.</summary>
    /// <param name="project">The project.</param>
    /// <param name="session">Its container.</param>
    /// <param name="root">The image's files.</param>
    /// <param name="login">The check of ssh.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<IReadOnlyList<EnvironmentCheck>> RunAsync(
        Project project,
        ContainerSession session,
        ImageRoot root,
        SshLoginCheck login,
        CancellationToken cancellation
    )
    {
        var checks = new List<Task<EnvironmentCheck>>();
        if (session.Record.Gpus.Count > 0)
        {
            checks.Add(ShownAsync("Proving GPUs", EnvironmentCheck.GpusAsync(session, self, progress.Warn, cancellation)));
        }

        if (HasTorch(root))
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

    private static bool HasTorch(ImageRoot root) =>
        root.Status("/usr/lib/python3/dist-packages/torch") is { IsDirectory: true }
        || root.List("/opt/venv/lib").Any(python => root.Status($"/opt/venv/lib/{python}/site-packages/torch") is { IsDirectory: true });
}
