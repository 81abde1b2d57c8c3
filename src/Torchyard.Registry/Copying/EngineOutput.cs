using System.Diagnostics;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Copying;

/// <summary><c>docker load</c> or <c>podman load</c>, which reads the archive while it is written.</summary>
internal sealed class EngineOutput : IArchiveOutput
{
    private readonly string _engine;
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <exception cref="TorchyardException">TY6023: it is not on this machine.</exception>
    public EngineOutput(string engine)
    {
        _engine = engine;
        var start = HostProcess.Prepare(Engine.Program(engine), "/", ["load"]);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = HostProcess.Start(start);
        Stream = _process.StandardInput.BaseStream;
    }

    public string Name => $"{_engine} load";

    public Stream Stream { get; }

    public async Task CompleteAsync(CancellationToken cancellation)
    {
        try
        {
            await Stream.FlushAsync(cancellation);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has all that it wants; its exit status says whether that was right.
        }

        await HostProcess.WaitAsync(_process, ProgramBounds.Transfer, Name, cancellation);
        if (_process.ExitCode != 0)
        {
            throw await RefusedAsync();
        }
    }

    public TorchyardException Fails(IOException failure)
    {
        HostProcess.Wait(_process, ProgramBounds.Answer, Name);
        return RefusedAsync().GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        HostProcess.Kill(_process);
        _process.Dispose();
    }

    private async Task<TorchyardException> RefusedAsync()
    {
        var said = await HostProcess.RemainderAsync(_process.StandardError);
        return CopyErrors.Cannot(
            $"'{Name}' ends with exit status {_process.ExitCode}",
            RegistryErrors.Shown(said.Trim().Split('\n')[^1]),
            $"check that {_engine} runs and has room"
        );
    }
}
