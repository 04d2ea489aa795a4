# libxml2 evaluates an XPath expression, and by way of lxml calls a function in Python, which calls a C function that
# writes to address 0.
#
# Signal: SIGSEGV
# Needs: lxml.etree
# Stack: ffi_call <- (leaf) <- @etree <- xmlXPathEval <- @etree <- (find) <- (main) <- (<module>) <- _start
import ctypes

from lxml import etree


def leaf(context, nodes):
    return ctypes.memset(0, 1, 1)


def find(document):
    return document.xpath("leaf(//item)")


def main():
    etree.FunctionNamespace(None)["leaf"] = leaf
    find(etree.XML("<list><item/></list>"))


main()
