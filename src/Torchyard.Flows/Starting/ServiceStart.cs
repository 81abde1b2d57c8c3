using Torchyard.Containers.Sessions;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;

namespace Torchyard.Flows.Starting;

/// <summary>The services of an environment that has just started.</summary>
/// <param name="clock">Time.</param>
/// <param name="progress">Told how far it is.</param>
internal sealed class ServiceStart(TimeProvider clock, IProgressSink progress)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(60);

    /// <summary>Waits until every service is ready.</summary>
    /// <exception cref="TorchyardException">TY4102: one failed or took too long; TY4106: the container ended meanwhile.</exception>
    public async Task WaitAsync(ContainerSession session, CancellationToken cancellation)
    {
        using var task = progress.Begin("Starting services", total: null, ProgressUnit.Items);
        var start = clock.GetTimestamp();
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

            if (clock.GetElapsedTime(start) > Patience || Failed(status) is not null)
            {
                var why = Failed(status) ?? Waiting(status);
                throw new TorchyardException(
                    "TY4102",
                    $"not every service of {session.Record.Name} started: {why}",
                    $"torchyard logs {session.Record.Name} SERVICE shows what it says; torchyard down stops the environment"
                );
            }

            await Task.Delay(Poll, clock, cancellation);
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
}
