using Torchyard.Packages.Python.Sources;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Sources;

/// <summary>Builds the wheels that a test gives it, in the place of a backend in a sandbox.</summary>
internal sealed class FakeBuilder(string directory) : IWheelBuilder
{
    private readonly Dictionary<string, FakeBuild> _builds = new(StringComparer.Ordinal);
    private readonly List<(string Source, string Tools)> _built = [];

    /// <summary>What was built, and with which tools.</summary>
    public IReadOnlyList<(string Source, string Tools)> Built => _built;

    /// <summary>Says what a source gives.</summary>
    public FakeBuild Add(string filename, TestWheel wheel, string pyproject, params string[] requires) =>
        _builds[filename] = new FakeBuild
        {
            Wheel = wheel,
            Text = pyproject,
            Asked = requires,
        };

    public Task<string> DescribeAsync(CancellationToken cancellation) => Task.FromResult("system");

    public Task<IWheelBuild> OpenAsync(FetchedSource source, CancellationToken cancellation)
    {
        var build = _builds[source.Source.Filename ?? source.Source.Url!];
        build.Made = tools =>
        {
            _built.Add((source.Shown, string.Join(' ', tools.Order(StringComparer.Ordinal))));
            var path = Path.Combine(
                Directory.CreateDirectory(Path.Combine(directory, Guid.NewGuid().ToString("N"))).FullName,
                build.Wheel.FileName
            );
            File.WriteAllBytes(path, build.Wheel.Build());
            return path;
        };
        return Task.FromResult<IWheelBuild>(build);
    }

    internal sealed class FakeBuild : IWheelBuild
    {
        public required TestWheel Wheel { get; set; }

        public required string Text { get; init; }

        public required IReadOnlyList<string> Asked { get; init; }

        public HookResult? Failure { get; set; }

        public Func<IEnumerable<string>, string> Made { get; set; } = _ => "";

        public byte[]? Pyproject => System.Text.Encoding.UTF8.GetBytes(Text);

        public bool HasSetup => false;

        public Task<HookResult> GetRequiresAsync(
            BuildBackend backend,
            IReadOnlyDictionary<string, string> tools,
            CancellationToken cancellation
        ) => Task.FromResult(new HookResult(0, "", Asked, null));

        public Task<HookResult> BuildAsync(
            BuildBackend backend,
            IReadOnlyDictionary<string, string> tools,
            Action<string>? onLine,
            CancellationToken cancellation
        ) => Task.FromResult(Failure ?? new HookResult(0, "", [], Made(tools.Keys)));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
