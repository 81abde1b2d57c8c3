using System.CommandLine.Completions;
using Torchyard.CommandLine;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Projects;
using Torchyard.Flows.Starting;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary>Names of the store's containers for the Tab key.</summary>
internal static class ContainerNames
{
    /// <summary>Every name; none when the store cannot be read, since completion must never print an error.</summary>
    public static IEnumerable<CompletionItem> Complete(CompletionContext context)
    {
        try
        {
            var containers = new ContainerStore(ProgramRoot.StoreOf(context), ProgramRoot.CallerOf(context).Clock)
                .ListAsync(CancellationToken.None)
                .GetAwaiter()
                .GetResult();
            return [.. containers.Select(container => new CompletionItem(container.Record.Name))];
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Services of the environment of the working directory, which need no container before them.</summary>
    public static IEnumerable<CompletionItem> CompleteOwnServices(CompletionContext context)
    {
        try
        {
            var caller = ProgramRoot.CallerOf(context);
            var paths = ProgramRoot.StoreOf(context);
            var store = new ContainerStore(paths, caller.Clock);
            var found = store
                .FindByLabelAsync(ContainerLabels.Project, Project.Of(caller.WorkingDirectory, paths).Directory, CancellationToken.None)
                .GetAwaiter()
                .GetResult();
            return
            [
                .. found
                    .Take(1)
                    .SelectMany(own => ServiceLog.Names(new ContainerSession(store, own.Record, SelfProgram.Current).ServiceLogDirectory))
                    .Select(service => new CompletionItem(service)),
            ];
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Services that <c>open</c> could open: of the container that is named, else of the one of the working directory.</summary>
    public static IEnumerable<CompletionItem> CompleteOpen(CompletionContext context)
    {
        try
        {
            var caller = ProgramRoot.CallerOf(context);
            var paths = ProgramRoot.StoreOf(context);
            var store = new ContainerStore(paths, caller.Clock);
            var name = context.ParseResult.GetResult("--container") is System.CommandLine.Parsing.OptionResult { Tokens: [var named, ..] }
                ? named.Value
                : null;
            var directory = name is null ? Project.Of(caller.WorkingDirectory, paths).Directory : null;
            return
            [
                .. store
                    .ListAsync(CancellationToken.None)
                    .GetAwaiter()
                    .GetResult()
                    .Where(found =>
                        found.IsRunning
                        && (
                            name is not null
                                ? found.Record.Name == name
                                : found.Record.Labels.GetValueOrDefault(ContainerLabels.Project) == directory
                        )
                    )
                    .SelectMany(found => PlacedServices.Of(found.Record.Labels))
                    .Where(service => service.Url is not null)
                    .Select(service => new CompletionItem(service.Name)),
            ];
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Services of the container that is named on the line, as far as they have written a log.</summary>
    /// <param name="context">The line.</param>
    /// <param name="container">Name of the argument.</param>
    public static IEnumerable<CompletionItem> CompleteServices(CompletionContext context, string container)
    {
        if (context.ParseResult.GetResult(container) is not System.CommandLine.Parsing.ArgumentResult { Tokens: [var name, ..] })
        {
            return [];
        }

        try
        {
            var store = new ContainerStore(ProgramRoot.StoreOf(context), ProgramRoot.CallerOf(context).Clock);
            var found = store.FindAsync(name.Value, CancellationToken.None).GetAwaiter().GetResult();
            return
            [
                .. ServiceLog
                    .Names(new ContainerSession(store, found.Record, SelfProgram.Current).ServiceLogDirectory)
                    .Select(service => new CompletionItem(service)),
            ];
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
