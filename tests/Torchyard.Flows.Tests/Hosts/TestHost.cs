using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Torchyard.Containers.Runtimes;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Environments;
using Torchyard.Machine.Files;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Testing.Reporting;

namespace Torchyard.Flows.Tests.Hosts;

/// <summary>
/// A host of one test: a project, a home and a store in a directory of their own, a machine without GPUs, a clock that stands, nobody to
/// ask, and no OCI runtime.
/// </summary>
internal sealed class TestHost : IDisposable
{
    /// <summary>As root where the tests are: layers with owners can be made then.</summary>
    public static readonly bool IsRoot = Requires.IsRoot;

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _clock;
    private readonly MachineFiles _machine;

    public TestHost(DateTimeOffset? now = null)
    {
        Project = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "project")).FullName;
        Variables["HOME"] = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "home")).FullName;
        _clock = new FakeTimeProvider(now ?? new DateTimeOffset(2026, 6, 1, 13, 0, 0, TimeSpan.Zero));
        _machine = new MachineFiles(System.IO.Directory.CreateDirectory(Path.Combine(Directory, "machine")).FullName);
        Host = At("");
    }

    public static SupervisorProgram Supervisor { get; } = SupervisorOf("#!/bin/sh\nexec \"$@\"\n"u8.ToArray());

    /// <summary>Everything of the test; removed at the end.</summary>
    public string Directory => _directory.Path;

    /// <summary>The working directory of the caller.</summary>
    public string Project { get; }

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public Host Host { get; }

    public RecordingProgress Progress { get; } = new();

    public RecordingDialogue Dialogue { get; } = new();

    /// <summary>The host for a caller in another directory.</summary>
    /// <param name="name">The directory, below the project's.</param>
    public Host At(string name) => Make(name, Path.Combine(Directory, "store"));

    /// <summary>The host with another store.</summary>
    public Host WithStore(string store) => Make("", store);

    private Host Make(string name, string store) =>
        new()
        {
            Store = new StorePaths(store),
            Caller = new Caller
            {
                Variable = Variables.GetValueOrDefault,
                VariableNames = () => Variables.Keys,
                Place = WorkingPlace.At(name.Length == 0 ? Project : PathOf(name)),
                UserId = IsRoot ? 0u : 1000u,
                Clock = _clock,
            },
            Progress = Progress,
            Dialogue = Dialogue,
            Files = _machine,
            Runtime = new NoRuntime(),
            Supervisor = () => Supervisor,
        };

    /// <summary>Lets the machine have the process of this test, so that what it takes counts as taken.</summary>
    public void ShowThisProcess()
    {
        var place = Path.Combine(Directory, "machine", "proc", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        System.IO.Directory.CreateDirectory(place);
        File.Copy("/proc/self/stat", Path.Combine(place, "stat"));
    }

    public string PathOf(string name) => Path.Combine(Project, name);

    public string Write(string name, string text)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public string Read(string name) => File.ReadAllText(PathOf(name), Encoding.UTF8);

    public void Dispose() => _directory.Dispose();

    private static SupervisorProgram SupervisorOf(byte[] content) => new(content, Digest.Of(content));

    private sealed class NoRuntime : IOciRuntimeSource
    {
        public Task<OciRuntime> GetAsync(CancellationToken cancellation) =>
            throw new TorchyardException("TY4010", "the test has no runtime", "do not start anything");
    }
}
