using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Torchyard.Architecture;

/// <summary>All sources below src/ as one compilation, in which each name leads to the type it stands for.</summary>
internal sealed class SourceModel
{
    // What the SDK adds to each project.
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly Lazy<SourceModel> Shared = new(() => new SourceModel());

    private readonly CSharpCompilation _compilation;

    private SourceModel()
    {
        var parse = CSharpParseOptions
            .Default.WithLanguageVersion(LanguageVersion.Latest)
            .WithDocumentationMode(DocumentationMode.Diagnose);
        var trees = SourceTree
            .Files("src")
            .Order(StringComparer.Ordinal)
            .Select(file => CSharpSyntaxTree.ParseText(SourceTree.Read(file), parse, file))
            .ToList();
        var framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => path.Contains("/Microsoft.NETCore.App/", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
        _compilation = CSharpCompilation.Create(
            "Sources",
            trees.Append(CSharpSyntaxTree.ParseText(ImplicitUsings, parse, "")),
            framework,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true)
        );
        Files = [.. trees.Select(tree => tree.FilePath)];
        Arrows = [.. trees.AsParallel().SelectMany(ArrowsOf)];
    }

    /// <summary>It is read once for all tests.</summary>
    public static SourceModel Current => Shared.Value;

    /// <summary>The files, as paths from the root.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Who uses what, each pair of file and type once; what a folder uses of itself is left out.</summary>
    public IReadOnlyList<Arrow> Arrows { get; }

    /// <summary>
    /// Beginnings of all texts that are passed to a parameter, or given to a member, of a name, as (place, text); a text that begins with a
    /// value is left out.
    /// </summary>
    public IEnumerable<(string Place, string Text)> TextsPassedAs(string parameter) =>
        _compilation
            .SyntaxTrees.Where(tree => tree.FilePath.Length > 0)
            .AsParallel()
            .SelectMany(tree =>
            {
                var model = _compilation.GetSemanticModel(tree);
                return tree.GetRoot()
                    .DescendantNodes()
                    .SelectMany(node => PassedAs(model, node, parameter) is { } value ? Texts(value) : [])
                    .Select(text =>
                        ($"{tree.FilePath}:{tree.GetLineSpan(text.Span).StartLinePosition.Line + 1}", text.ToString().Trim('"'))
                    );
            });

    /// <summary>Places where a task is begun that is neither awaited there nor passed to a method of a name.</summary>
    public IEnumerable<string> WorkBeside(string keeper) =>
        _compilation
            .SyntaxTrees.Where(tree => tree.FilePath.Length > 0)
            .AsParallel()
            .SelectMany(tree =>
                tree.GetRoot()
                    .DescendantNodes()
                    .OfType<InvocationExpressionSyntax>()
                    .Where(call =>
                        call.Expression.ToString() is "Task.Run" or "Task.Factory.StartNew"
                        && call.Parent is not AwaitExpressionSyntax
                        && !(
                            call.Parent
                                is ArgumentSyntax
                                {
                                    Parent.Parent: InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax to }
                                }
                            && to.Name.ToString() == keeper
                        )
                    )
                    .Select(call => $"{tree.FilePath}:{call.GetLocation().GetLineSpan().StartLinePosition.Line + 1}")
            );

    /// <summary>The functions of native libraries that are declared.</summary>
    public IEnumerable<NativeImport> NativeImports() =>
        _compilation
            .SyntaxTrees.Where(tree => tree.FilePath.Length > 0)
            .AsParallel()
            .SelectMany(tree =>
            {
                var model = _compilation.GetSemanticModel(tree);
                return tree.GetRoot()
                    .DescendantNodes()
                    .OfType<AttributeSyntax>()
                    .Where(attribute => NameOf(attribute) is "LibraryImport" or "DllImport")
                    .Select(attribute => new NativeImport(
                        tree.FilePath,
                        Text(model, attribute, argument => argument.NameEquals is null) ?? "",
                        Text(model, attribute, argument => argument.NameEquals?.Name.Identifier.Text == "EntryPoint")
                            ?? (attribute.Parent?.Parent as MethodDeclarationSyntax)?.Identifier.Text
                            ?? ""
                    ));
            });

    /// <summary>
    /// Numbers beyond 7 that are given to, or combined or compared with, a value of a name, or are made a
    /// <see cref="UnixFileMode"/>.
    /// </summary>
    public IEnumerable<(string Place, string Number)> NumbersFor(Regex name) =>
        _compilation
            .SyntaxTrees.Where(tree => tree.FilePath.Length > 0)
            .AsParallel()
            .SelectMany(tree =>
            {
                var model = _compilation.GetSemanticModel(tree);
                return tree.GetRoot()
                    .DescendantNodes()
                    .OfType<LiteralExpressionSyntax>()
                    .Where(literal => literal.Token.Value is > 7 or > 7u or > 7L or > 7ul && Receivers(model, literal).Any(name.IsMatch))
                    .Select(literal =>
                        ($"{tree.FilePath}:{literal.GetLocation().GetLineSpan().StartLinePosition.Line + 1}", literal.Token.Text)
                    );
            });

    /// <summary>The namespaces that a file declares.</summary>
    public IEnumerable<string> NamespacesOf(string file) =>
        _compilation
            .SyntaxTrees.Single(tree => tree.FilePath == file)
            .GetRoot()
            .ChildNodes()
            .OfType<BaseNamespaceDeclarationSyntax>()
            .Select(declared => declared.Name.ToString());

    /// <summary>Names of what a number is for, from the innermost expression outwards.</summary>
    private static IEnumerable<string> Receivers(SemanticModel model, ExpressionSyntax number)
    {
        SyntaxNode node = number;
        while (true)
        {
            switch (node.Parent)
            {
                case CastExpressionSyntax cast:
                    yield return cast.Type.ToString();
                    break;
                case BinaryExpressionSyntax pair
                    when pair.Kind()
                        is SyntaxKind.BitwiseAndExpression
                            or SyntaxKind.BitwiseOrExpression
                            or SyntaxKind.EqualsExpression
                            or SyntaxKind.NotEqualsExpression:
                    yield return LastName(node == pair.Left ? pair.Right : pair.Left);
                    break;
                case ParenthesizedExpressionSyntax or PrefixUnaryExpressionSyntax or ConditionalExpressionSyntax:
                    break;
                case EqualsValueClauseSyntax { Parent: { } declared }:
                    yield return declared switch
                    {
                        VariableDeclaratorSyntax variable => variable.Identifier.Text,
                        ParameterSyntax parameter => parameter.Identifier.Text,
                        PropertyDeclarationSyntax property => property.Identifier.Text,
                        _ => "",
                    };
                    yield break;
                case AssignmentExpressionSyntax assignment when assignment.Right == node:
                    yield return LastName(assignment.Left);
                    yield break;
                case ArgumentSyntax argument:
                    yield return ParameterOf(model, argument) ?? "";
                    yield break;
                default:
                    yield break;
            }

            node = node.Parent;
        }
    }

    private static string LastName(ExpressionSyntax expression) =>
        expression switch
        {
            IdentifierNameSyntax name => name.Identifier.Text,
            MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
            CastExpressionSyntax cast => LastName(cast.Expression),
            ParenthesizedExpressionSyntax inner => LastName(inner.Expression),
            BinaryExpressionSyntax pair => LastName(pair.Left) is { Length: > 0 } left ? left : LastName(pair.Right),
            _ => "",
        };

    private static string NameOf(AttributeSyntax attribute) =>
        (attribute.Name as QualifiedNameSyntax)?.Right.Identifier.Text ?? attribute.Name.ToString();

    private static string? Text(SemanticModel model, AttributeSyntax attribute, Func<AttributeArgumentSyntax, bool> which) =>
        attribute.ArgumentList?.Arguments.FirstOrDefault(which) is { } argument
            ? model.GetConstantValue(argument.Expression).Value as string
            : null;

    private IEnumerable<Arrow> ArrowsOf(SyntaxTree tree)
    {
        var model = _compilation.GetSemanticModel(tree);
        var folder = Arrow.FolderOf(tree.FilePath);
        return tree.GetRoot()
            .DescendantNodes(descendIntoTrivia: true)
            .OfType<SimpleNameSyntax>()
            .SelectMany(name => Symbols(model.GetSymbolInfo(name)))
            .Select(Outermost)
            .Where(type => type is not null)
            .Distinct(SymbolEqualityComparer.Default)
            .Select(type => new Arrow(
                tree.FilePath,
                type!.Name,
                type.DeclaringSyntaxReferences.FirstOrDefault()?.SyntaxTree.FilePath ?? ""
            ))
            .Where(arrow => arrow.Declared.Length > 0 && arrow.UsedFolder != folder);
    }

    private static ImmutableArray<ISymbol> Symbols(SymbolInfo found) => found.Symbol is { } symbol ? [symbol] : found.CandidateSymbols;

    private static string? ParameterOf(SemanticModel model, ArgumentSyntax argument)
    {
        if (
            argument.Parent is not ArgumentListSyntax { Parent: { } call } list
            || Symbols(model.GetSymbolInfo(call)).FirstOrDefault() is not IMethodSymbol method
        )
        {
            return null;
        }

        return argument.NameColon is { } name
            ? name.Name.Identifier.Text
            : method.Parameters.ElementAtOrDefault(list.Arguments.IndexOf(argument))?.Name;
    }

    private static ExpressionSyntax? PassedAs(SemanticModel model, SyntaxNode node, string name) =>
        node switch
        {
            ArgumentSyntax argument when ParameterOf(model, argument) == name => argument.Expression,
            AssignmentExpressionSyntax { Left: IdentifierNameSyntax member } given
                when member.Identifier.Text.Equals(name, StringComparison.OrdinalIgnoreCase) => given.Right,
            _ => null,
        };

    private static IEnumerable<SyntaxNode> Texts(ExpressionSyntax expression) =>
        expression switch
        {
            LiteralExpressionSyntax literal when literal.IsKind(SyntaxKind.StringLiteralExpression) => [literal],
            InterpolatedStringExpressionSyntax { Contents: [InterpolatedStringTextSyntax text, ..] } => [text],
            BinaryExpressionSyntax sum => Texts(sum.Left),
            ConditionalExpressionSyntax choice => Texts(choice.WhenTrue).Concat(Texts(choice.WhenFalse)),
            ParenthesizedExpressionSyntax inner => Texts(inner.Expression),
            SwitchExpressionSyntax arms => arms.Arms.SelectMany(arm => Texts(arm.Expression)),
            _ => [],
        };

    private static INamedTypeSymbol? Outermost(ISymbol symbol)
    {
        var type = symbol switch
        {
            INamedTypeSymbol named => named,
            IMethodSymbol method => (method.ReducedFrom ?? method).ContainingType,
            IPropertySymbol or IFieldSymbol or IEventSymbol => symbol.ContainingType,
            _ => null,
        };
        while (type?.ContainingType is { } outer)
        {
            type = outer;
        }

        return type?.OriginalDefinition;
    }
}
