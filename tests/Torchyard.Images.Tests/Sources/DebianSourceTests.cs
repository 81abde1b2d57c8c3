using Torchyard.Images.Build;
using Torchyard.Images.Debian.Layers;
using Torchyard.Images.Errors;
using Torchyard.Images.Sources;
using Torchyard.Images.Tests.Deb;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Sources;

/// <summary>Packages become layers while others are still fetched.</summary>
public sealed class DebianSourceTests : IDisposable
{
    private readonly TemporaryStore _store = new();
    private readonly List<(string Path, LockedDebianPackage Package)> _files;

    public DebianSourceTests()
    {
        var directory = Directory.CreateDirectory(Path.Combine(_store.Paths.Root, "debs")).FullName;
        _files =
        [
            new DebBuilder("base") { Fields = "Essential: yes\n" }
                .File("usr/bin/base", "base")
                .Save(directory),
            new DebBuilder("early") { Fields = "Depends: base\n" }
                .File("usr/bin/early", "early")
                .Save(directory),
            new DebBuilder("late") { Fields = "Depends: early\n" }
                .File("usr/bin/late", new string('x', 100_000))
                .Save(directory),
        ];
        _files[0] = (_files[0].Path, _files[0].Package with { Essential = true });
    }

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_package_is_unpacked_while_others_are_fetched()
    {
        var fetcher = new SlowFetcher(_files);
        var unpacked = await WorkAsync(fetcher, async context =>
        {
            var planning = new DebianSource(fetcher).PlanAsync(context);
            fetcher.Arrive("base");
            var plans = await planning;
            var placed = await plans[0].PlaceAsync(LayerStack.Empty);
            Assert.True(File.Exists(Path.Combine(placed.Root, "usr/bin/base")));
            Assert.False(fetcher.IsThere("late"));

            fetcher.Arrive("early", "late");
            return 0;
        });
        Assert.Equal(0, unpacked);

        // By stages: what is needed first comes first.
        Assert.Equal("base", fetcher.Order[0]);
    }

    [Fact]
    public async Task Where_no_beginning_can_be_had_the_packages_are_waited_for()
    {
        var fetcher = new SlowFetcher(_files) { GivesStarts = false };
        await WorkAsync(fetcher, async context =>
        {
            var planning = new DebianSource(fetcher).PlanAsync(context);
            fetcher.Arrive("base", "early");
            Assert.NotSame(planning, await Task.WhenAny(planning, Task.Delay(200, context.Cancellation)));
            fetcher.Arrive("late");
            Assert.NotEmpty(await planning);
            return 0;
        });
    }

    [Fact]
    public async Task A_wrong_beginning_ends_the_build_before_anything_is_made_of_it()
    {
        var fetcher = new SlowFetcher(_files)
        {
            Starts = { ["late"] = new DebBuilder("late") { Fields = "Depends: base\nPriority: required\n" }.Build() },
        };
        var failure = await WorkAsync(fetcher, async context =>
        {
            var planning = new DebianSource(fetcher).PlanAsync(context);
            fetcher.Arrive("base", "early", "late");
            await planning;
            return await Assert.ThrowsAsync<MisleadingStartException>(() => context.Failure);
        });
        Assert.Equal("late 1.0", failure.Package);
    }

    [Fact]
    public async Task A_package_that_cannot_be_had_ends_the_build_before_its_turn()
    {
        var fetcher = new SlowFetcher(_files);
        var failure = await WorkAsync(fetcher, async context =>
        {
            // Nothing ever comes of the first package, which all others wait for.
            var making = LayerScheduler.MakeAsync([new DebianSource(fetcher)], context);
            await fetcher.Begun;
            fetcher.Fail("late", new TorchyardException("TY2050", "late cannot be fetched", "try again"));
            return await Assert.ThrowsAsync<TorchyardException>(() => making);
        });
        Assert.Equal("TY2050", failure.Code);
    }

    private Task<T> WorkAsync<T>(SlowFetcher fetcher, Func<LayerContext, Task<T>> work) =>
        SourceBench.WorkAsync(
            new Nothing(),
            SourceBench.Lock with
            {
                Packages = [.. _files.Select(file => file.Package)],
                Recipe = SourceBench.Lock.Recipe with { Packages = ["early", "late"] },
            },
            _store.Paths,
            async (context, _) =>
            {
                try
                {
                    return await work(context);
                }
                finally
                {
                    fetcher.End();
                }
            }
        );

    private sealed class Nothing : ILayerSource
    {
        public LayerOrder Order => LayerOrder.System;

        public bool IsIn(RecipeLock locked) => true;

        public Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context) => Task.FromResult<IReadOnlyList<LayerPlan>>([]);

        public SourceSoftware Software(RecipeLock locked) => new([]);
    }

    /// <summary>Gives beginnings at once, and each file when the test says so.</summary>
    private sealed class SlowFetcher(List<(string Path, LockedDebianPackage Package)> files) : IPackageFetcher
    {
        private readonly Dictionary<string, TaskCompletionSource<string>> _results = files.ToDictionary(
            file => file.Package.Name,
            _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously)
        );
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool GivesStarts { get; init; } = true;

        public Dictionary<string, byte[]> Starts { get; } = [];

        public List<string> Order { get; } = [];

        public Task Begun => _begun.Task;

        public Task<IReadOnlyDictionary<LockedDebianPackage, PackageStart>> FetchStartsAsync(
            RecipeLock locked,
            IReadOnlyList<LockedDebianPackage> packages,
            Func<ReadOnlyMemory<byte>, long?> needed,
            CancellationToken cancellation
        )
        {
            var starts = new Dictionary<LockedDebianPackage, PackageStart>();
            foreach (var package in packages.Where(_ => GivesStarts))
            {
                var content = Starts.GetValueOrDefault(package.Name)
                    ?? File.ReadAllBytes(files.First(file => file.Package == package).Path);
                starts[package] = new PackageStart(null, content.AsMemory(0, (int)needed(content)!.Value));
            }

            return Task.FromResult<IReadOnlyDictionary<LockedDebianPackage, PackageStart>>(starts);
        }

        public IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(
            RecipeLock locked,
            IReadOnlyList<LockedDebianPackage> packages,
            CancellationToken cancellation
        )
        {
            Order.AddRange(packages.Select(package => package.Name));
            _begun.SetResult();
            return packages.ToDictionary(package => package, package => _results[package.Name].Task);
        }

        public bool IsThere(string name) => _results[name].Task.IsCompleted;

        public void Arrive(params string[] names)
        {
            foreach (var name in names)
            {
                _results[name].SetResult(files.First(file => file.Package.Name == name).Path);
            }
        }

        public void Fail(string name, Exception failure) => _results[name].SetException(failure);

        public void End()
        {
            foreach (var result in _results.Values)
            {
                result.TrySetCanceled();
            }
        }
    }
}
