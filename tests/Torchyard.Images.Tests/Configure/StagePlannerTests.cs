using CsCheck;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Layers;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Tests.Deb;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Configure;

public sealed class StagePlannerTests
{
    [Fact]
    public void A_package_added_at_the_end_leaves_the_stages_before_it_alone() =>
        Gen.Int[0, 119]
            .Array[60]
            .Sample(needs =>
            {
                // Package n needs the package needs[n] if that is a smaller number; five are essential.
                var controls = Enumerable
                    .Range(0, 120)
                    .ToDictionary(
                        number => $"p{number:D3}",
                        number =>
                            ControlParagraph.Parse(
                                $"Package: p{number:D3}\n{(number < 60 && needs[number] < number ? $"Depends: p{needs[number]:D3}\n" : "")}"
                            )!
                    );
                string[] requested = [.. Enumerable.Range(0, 60).Select(number => $"p{number * 2:D3}")];
                var before = Plan(controls, requested, requested);
                var after = Plan(controls, [.. requested, "p119"], [.. requested, "p119"]);

                Assert.True(before.Count is > 1);
                for (var stage = 0; stage < before.Count - 1; stage++)
                {
                    Assert.Equal(before[stage].Select(package => package.Name), after[stage].Select(package => package.Name));
                }
            });

    [Fact]
    public void Every_package_is_in_exactly_one_stage_and_essential_ones_are_in_the_first()
    {
        var controls = Enumerable
            .Range(0, 100)
            .ToDictionary(number => $"p{number:D3}", number => ControlParagraph.Parse($"Package: p{number:D3}\n")!);
        var stages = Plan(controls, ["p050"], [.. controls.Keys]);

        Assert.Equal(controls.Keys.Order(), stages.SelectMany(stage => stage).Select(package => package.Name).Order());
        Assert.Equal(["p000", "p001", "p002", "p003", "p004"], stages[0].Select(package => package.Name));
    }

    [Fact]
    public void What_a_base_system_has_unasked_is_in_the_first_stage_with_all_it_needs()
    {
        var controls = Enumerable
            .Range(0, 40)
            .ToDictionary(
                number => $"p{number:D3}",
                number =>
                    ControlParagraph.Parse(
                        number switch
                        {
                            20 => "Package: p020\nPriority: required\nDepends: p021\n",
                            22 => "Package: p022\nPriority: standard\n",
                            _ => $"Package: p{number:D3}\nPriority: optional\n",
                        }
                    )!
            );
        controls["apt"] = ControlParagraph.Parse("Package: apt\nPriority: important\nDepends: p030\n")!;

        var stages = Plan(controls, ["p022", "p030"], [.. controls.Keys]);

        Assert.Equal(["apt", "p000", "p001", "p002", "p003", "p004", "p020", "p021", "p030"], stages[0].Select(package => package.Name));
    }

    [Fact]
    public void Large_source_packages_own_a_layer_within_the_budget()
    {
        LockedDebianPackage[] packages =
        [
            Sized("small", "a", 1),
            Sized("torch", "pytorch", 400),
            Sized("torch-dev", "pytorch", 30),
            Sized("llvm", "llvm", 100),
            Sized("icu", "icu", 30),
        ];
        var budget = 2;
        var layers = LayerGrouping.Group(packages, ref budget);

        Assert.Equal(
            ["icu small", "llvm", "torch torch-dev"],
            layers.Select(layer => string.Join(' ', layer.Select(package => package.Name)))
        );
        Assert.Equal(0, budget);
        static LockedDebianPackage Sized(string name, string source, long megabytes) =>
            DebBuilder.Locked(name, [1]) with
            {
                Source = source,
                InstalledSize = megabytes << 20,
            };
    }

    private static IReadOnlyList<IReadOnlyList<LockedDebianPackage>> Plan(
        Dictionary<string, ControlParagraph> controls,
        string[] recipe,
        string[] members
    )
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var relations = new PackageRelations(controls.Values);
        foreach (var member in members.Concat(["p000", "p001", "p002", "p003", "p004"]))
        {
            relations.AddClosure(member, names);
        }

        var packages = names
            .Order(StringComparer.Ordinal)
            .Select(name =>
                DebBuilder.Locked(name, [1]) with
                {
                    Essential = string.CompareOrdinal(name, "p005") < 0,
                    Requested = recipe.Contains(name),
                }
            )
            .ToList();
        var locked = new RecipeLock
        {
            RecipeDigest = Digest.Of([]),
            Recipe = new Recipe
            {
                Name = "x",
                Base = new DebianBase { Suite = "trixie" },
                Packages = recipe,
            },
            SourceDateEpoch = 0,
            Archives = [],
            Packages = packages,
            Tools = new LockedTools(1, Digest.Of([]), ""),
        };
        return StagePlanner.Plan(locked, packages.ToDictionary(package => package, package => controls[package.Name]));
    }
}
