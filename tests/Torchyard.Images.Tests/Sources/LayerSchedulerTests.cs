using Torchyard.Images.Build;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sources;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Sources;

/// <summary>Where layers land, whatever order their sources stand or finish in.</summary>
public sealed class LayerSchedulerTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Layers_lie_by_the_order_of_their_places_and_beneath_what_they_ask_for() =>
        Assert.Equal(
            ["base", "tool's files", "tool", "more", "wheels", "addition", "top"],
            await MakeAsync(
                new Fake(LayerOrder.Environment, ["top"]),
                new Fake(LayerOrder.Additions, ["addition"]),
                new Fake(LayerOrder.Packages, ["wheels"]) { Delay = 50 },
                new Fake(LayerOrder.System, ["base", "tool", "more"]) { Delay = 20 },
                new Fake(LayerOrder.System, ["tool's files"]) { Beneath = "tool" }
            )
        );

    [Fact]
    public async Task Of_one_place_the_order_of_the_sources_counts() =>
        Assert.Equal(["b", "a"], await MakeAsync(new Fake(LayerOrder.System, ["b"]) { Delay = 20 }, new Fake(LayerOrder.System, ["a"])));

    [Fact]
    public async Task What_would_lie_beneath_nothing_is_not_dropped() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            MakeAsync(new Fake(LayerOrder.System, ["a"]), new Fake(LayerOrder.System, ["b"]) { Beneath = "c" })
        );

    [Fact]
    public void Keys_are_those_since_the_layer_that_stands_for_all_below_it()
    {
        var stack = LayerStack.Empty.With(Layer("a"));
        Assert.Equal(["", Digest.Of("a"u8).Hex], stack.Keys);

        stack = stack.With(Layer("b") with { CoversBelow = true, Epoch = 5 });
        Assert.Equal([Digest.Of("b"u8).Hex], stack.Keys);
        Assert.Empty(stack.Uncovered);

        stack = stack.With(Layer("c"));
        Assert.Equal([Digest.Of("b"u8).Hex, Digest.Of("c"u8).Hex], stack.Keys);
        Assert.Equal(["c", "b", "a"], stack.Roots);
        Assert.Equal(5, stack.Epoch);
    }

    private async Task<IEnumerable<string>> MakeAsync(params ILayerSource[] sources) =>
        await SourceBench.WorkAsync(new Fake(LayerOrder.System, []), SourceBench.Lock, _store.Paths, async (context, _) =>
            (await LayerScheduler.MakeAsync(sources, context)).Select(layer => layer.History)
        );

    private static PlacedLayer Layer(string name) =>
        new(
            Digest.Of(System.Text.Encoding.UTF8.GetBytes(name)),
            name,
            Task.FromResult(
                new ImageLayer(
                    new PackedLayer
                    {
                        DiffId = default,
                        Blob = default,
                        Size = 1,
                        UncompressedSize = 1,
                        MediaType = "x",
                    },
                    name
                )
            )
        );

    private sealed class Fake(LayerOrder order, string[] names) : ILayerSource
    {
        public LayerOrder Order => order;

        public string? Beneath { get; init; }

        public int Delay { get; init; }

        public bool IsIn(RecipeLock locked) => true;

        public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
        {
            await Task.Delay(Delay, context.Cancellation);
            return [.. names.Select(name => new LayerPlan(_ => Task.FromResult(Layer(name))) { Brings = [name] })];
        }

        public SourceSoftware Software(RecipeLock locked) => new([]);
    }
}
